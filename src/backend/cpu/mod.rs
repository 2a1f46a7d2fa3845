//! The native backend: threads and vector instructions, no graphics device.
//!
//! Drawing goes band by band, each band by one thread with its splats in a fixed order; moments
//! go piece by piece of a splat, summed per splat from the top. So results do not depend on the
//! number of threads, bit by bit.

mod draw;
mod footprint;
mod loss;
mod moments;
mod pieces;
mod planes;
mod simd;
mod sweep;
mod tangent;
mod vectors;
mod work;

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

pub use simd::SimdLevel;

use self::loss::{PointwiseLoss, RowSums};
use self::planes::Planes;
use self::simd::Dispatcher;
use self::work::Work;
use super::timing::{StageTime, Stopwatch};
use super::{Backend, Splats, check_channels, check_tangent, check_target, unfused};
use crate::blend::Blend;
use crate::error::{Error, Result};
use crate::image::{Image, Size};
use crate::loss::{Loss, LossTerms};

/// Stage: footprints of the splats, and which of them every band has.
const LISTS: &str = "lists";

/// Stage: drawing, and comparing where there is a target.
const DRAW: &str = "draw";

/// Stage: sums of the moments.
const MOMENTS: &str = "moments";

/// Stage: pictures to and from the memory that the kernels work on.
const COPY: &str = "copy";

/// Largest width and height of a picture, in pixels.
const MAX_SIDE: usize = 1 << 24;

/// The native backend.
pub struct Cpu {
    description: String,
    dispatcher: Dispatcher,
    /// Threads of its own; without, rayon's global ones.
    pool: Option<ThreadPool>,
    work: Work,
    stopwatch: Stopwatch,
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

impl Cpu {
    /// The widest vectors of this machine on rayon's global threads.
    ///
    /// A thread that is none of them sleeps while they work and wakes them for every operation: small
    /// pictures take a fifth longer. It is one of them inside [`ThreadPool::install`], or if the pool
    /// was built with [`ThreadPoolBuilder::use_current_thread`].
    pub fn new() -> Self {
        Self::assemble(Dispatcher::best(), None)
    }

    /// The widest vectors of this machine on `threads` threads of its own; 0 is one per core.
    ///
    /// # Errors
    /// [`Error::Device`] if the threads cannot be started.
    pub fn with_threads(threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("lgi-cpu-{index}"))
            .build()
            .map_err(|e| Error::Device(format!("threads cannot be started: {e}")))?;
        Ok(Self::assemble(Dispatcher::best(), Some(pool)))
    }

    /// As [`Self::new`] with another level than the widest one, for comparison.
    ///
    /// # Errors
    /// [`Error::Device`] if the machine has no such instructions.
    pub fn with_simd(level: SimdLevel) -> Result<Self> {
        Ok(Self::assemble(Dispatcher::new(level)?, None))
    }

    /// The level that the kernels run with.
    pub fn simd_level(&self) -> SimdLevel {
        self.dispatcher.level()
    }

    fn assemble(dispatcher: Dispatcher, pool: Option<ThreadPool>) -> Self {
        let threads = match &pool {
            Some(pool) => pool.current_num_threads(),
            None => rayon::current_num_threads(),
        };
        let plural = if threads == 1 { "" } else { "s" };
        let description = format!("cpu ({threads} thread{plural}, {})", dispatcher.level().name());
        Self {
            description,
            dispatcher,
            pool,
            work: Work::default(),
            stopwatch: Stopwatch::default(),
        }
    }

    /// Runs `work` on the backend's threads.
    fn on_threads<R: Send>(
        &mut self,
        work: impl FnOnce(&mut Work, Dispatcher, &mut Stopwatch) -> R + Send,
    ) -> R {
        let Self { pool, work: memory, dispatcher, stopwatch, .. } = self;
        match pool {
            Some(pool) => pool.install(|| work(memory, *dispatcher, stopwatch)),
            None => work(memory, *dispatcher, stopwatch),
        }
    }
}

/// Checks what the kernels take for granted.
fn check(splats: &Splats, size: Size) -> Result<()> {
    let n = splats.len();
    if splats.channels == 0 || splats.channels > 5 {
        return Err(Error::Limit {
            what: "channels of the cpu backend",
            value: splats.channels as u64,
            limit: 5,
        });
    }
    if splats.conic.len() != n
        || splats.reach_px.len() != n
        || splats.color.len() != n * splats.channels
    {
        return Err(Error::Invalid(format!(
            "{n} means, {} conics, {} reaches and {} colour values do not belong together",
            splats.conic.len(),
            splats.reach_px.len(),
            splats.color.len()
        )));
    }
    for side in [size.width, size.height] {
        if side > MAX_SIDE {
            return Err(Error::Limit {
                what: "pixels along a side",
                value: side as u64,
                limit: MAX_SIDE as u64,
            });
        }
    }
    // The kernels count places in 32 bits.
    let row = (Planes::stride_of(size) * splats.channels) as u64;
    let (value, limit) = (row * size.height as u64, u64::from(u32::MAX));
    if value > limit {
        return Err(Error::Limit { what: "values of a padded picture", value, limit });
    }
    Ok(())
}

impl Backend for Cpu {
    fn description(&self) -> &str {
        &self.description
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        check(splats, size)?;
        Ok(self.on_threads(|work, dispatcher, watch| {
            watch.time(LISTS, || work.set_bands(splats, size));
            watch.time(DRAW, || work.draw(dispatcher, splats, None, size, None));
            watch.time(COPY, || work.image(size))
        }))
    }

    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>> {
        check(splats, gradient.size())?;
        check_channels(splats, gradient)?;
        let mut moments = Vec::new();
        self.on_threads(|work, dispatcher, watch| {
            watch.time(LISTS, || work.set_pieces(splats, gradient.size()));
            watch.time(COPY, || work.copy_planes(gradient));
            watch.time(MOMENTS, || {
                work.sum_moments(dispatcher, splats, gradient.size(), &mut moments);
            });
        });
        Ok(moments)
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        check(splats, size)?;
        check_tangent(splats, tangent)?;
        Ok(self.on_threads(|work, dispatcher, watch| {
            watch.time(LISTS, || work.set_bands(splats, size));
            watch.time(DRAW, || work.draw(dispatcher, splats, Some(tangent), size, None));
            watch.time(COPY, || work.image(size))
        }))
    }

    fn loss_and_vjp(
        &mut self,
        splats: &Splats,
        target: &Arc<Image>,
        loss: &Loss,
        blend: Blend,
        moments: &mut Vec<f32>,
    ) -> Result<LossTerms> {
        let size = target.size();
        if loss.ssim != 0.0 {
            // SSIM mixes pixels of neighbouring bands, so the picture must be whole first.
            return unfused(self, splats, target, loss, blend, moments);
        }
        check(splats, size)?;
        check_target(splats, target, blend)?;
        Ok(self.on_threads(|work, dispatcher, watch| {
            let stride = Planes::stride_of(size);
            let epilogue = |first_row: usize, pixels: &mut [f32], sums: &mut [RowSums]| {
                let target = target.as_ref();
                let band = PointwiseLoss { loss, blend, target, first_row, stride, pixels, sums };
                dispatcher.run(band);
            };
            watch.time(LISTS, || work.set_bands_and_pieces(splats, size));
            watch.time(DRAW, || work.draw(dispatcher, splats, None, size, Some(&epilogue)));
            watch.time(MOMENTS, || work.sum_moments(dispatcher, splats, size, moments));
            work.mean_terms(target.data().len())
        }))
    }

    fn profile(&mut self, on: bool) {
        self.stopwatch.switch(on);
    }

    fn timings(&self) -> Vec<StageTime> {
        self.stopwatch.stages().to_vec()
    }
}
