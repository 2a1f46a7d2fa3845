//! The native backend: threads and vector instructions, no graphics device.
//!
//! Drawing goes band by band, each band by one thread with its splats in a fixed order; moments
//! go piece by piece of a splat, summed per splat from the top. So results do not depend on the
//! number of threads, bit by bit.

mod draw;
mod footprint;
mod gaussian;
mod loss;
mod moments;
mod pieces;
mod planes;
mod simd;
mod sweep;

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

pub use simd::SimdLevel;

use self::draw::{Band, Draw, DrawTangent};
use self::footprint::Footprint;
use self::loss::{PointwiseLoss, RowSums};
use self::moments::Moments;
use self::pieces::{Cut, Pieces};
use self::planes::Planes;
use self::simd::Dispatcher;
use super::{Backend, Splats, check_channels, check_tangent};
use crate::error::{Error, Result};
use crate::image::{Image, Size};
use crate::loss::{Loss, LossTerms};

/// Most rows of a splat whose moments one thread sums: a few huge splats are shared out.
const MOMENT_ROWS: usize = 64;

/// Pieces whose moments are summed in one go by one thread.
const MOMENT_PIECES: usize = 32;

/// Largest width and height of a picture, in pixels.
const MAX_SIDE: usize = 1 << 24;

/// The native backend.
pub struct Cpu {
    description: String,
    dispatcher: Dispatcher,
    /// Threads of its own; without, rayon's global ones.
    pool: Option<ThreadPool>,
    work: Work,
}

/// Memory that is kept from call to call.
#[derive(Default)]
struct Work {
    footprints: Vec<Footprint>,
    bands: Pieces,
    pieces: Pieces,
    planes: Planes,
    piece_moments: Vec<f32>,
    row_sums: Vec<RowSums>,
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

impl Cpu {
    /// The widest vectors of this machine on rayon's global threads.
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
        Self { description, dispatcher, pool, work: Work::default() }
    }

    /// Runs `work` on the backend's threads.
    fn on_threads<R: Send>(&mut self, work: impl FnOnce(&mut Work, Dispatcher) -> R + Send) -> R {
        let Self { pool, work: memory, dispatcher, .. } = self;
        match pool {
            Some(pool) => pool.install(|| work(memory, *dispatcher)),
            None => work(memory, *dispatcher),
        }
    }
}

/// Runs `$body` with the constant `$C` set to the number of channels.
macro_rules! with_channels {
    ($channels:expr, $C:ident => $body:expr) => {
        match $channels {
            1 => with_channels!(@ 1, $C => $body),
            2 => with_channels!(@ 2, $C => $body),
            3 => with_channels!(@ 3, $C => $body),
            4 => with_channels!(@ 4, $C => $body),
            5 => with_channels!(@ 5, $C => $body),
            // `check` let no other number pass.
            _ => {}
        }
    };
    (@ $number:literal, $C:ident => $body:expr) => {{
        const $C: usize = $number;
        $body
    }};
}

/// What a band becomes after it was drawn: its first row, its pixels, the sums of its rows.
type Epilogue<'a> = &'a (dyn Fn(usize, &mut [f32], &mut [RowSums]) + Sync);

impl Work {
    /// Draws the splats, or their derivative along a tangent, into the planes.
    fn draw(
        &mut self,
        dispatcher: Dispatcher,
        splats: &Splats,
        tangent: Option<&[f32]>,
        size: Size,
        epilogue: Option<Epilogue>,
    ) {
        self.set_footprints(splats, size);
        self.bands.sort(&self.footprints, size, Cut::Picture(Pieces::BAND_ROWS));
        self.planes.set_shape(size, splats.channels);
        self.row_sums.resize(size.height, RowSums::default());
        if size.pixels() == 0 {
            return;
        }
        let (stride, row_stride) = (self.planes.stride(), self.planes.row_stride());
        let Self { footprints, bands, planes, row_sums, .. } = self;
        planes
            .data_mut()
            .par_chunks_mut(Pieces::BAND_ROWS * row_stride)
            .zip(row_sums.par_chunks_mut(Pieces::BAND_ROWS))
            .enumerate()
            .with_max_len(1)
            .for_each(|(index, (pixels, sums))| {
                let first_row = index * Pieces::BAND_ROWS;
                let band = Band {
                    footprints,
                    color: &splats.color,
                    pieces: bands.band(index),
                    first_row,
                    width: size.width,
                    stride,
                    pixels: &mut *pixels,
                };
                with_channels!(splats.channels, C => match tangent {
                    None => dispatcher.run(Draw::<C>(band)),
                    Some(tangent) => dispatcher.run(DrawTangent::<C> { band, tangent }),
                });
                if let Some(epilogue) = epilogue {
                    epilogue(first_row, pixels, sums);
                }
            });
    }

    /// Sums the moments of the splats against the planes; footprints must be set.
    fn sum_moments(
        &mut self,
        dispatcher: Dispatcher,
        splats: &Splats,
        size: Size,
        moments: &mut Vec<f32>,
    ) {
        let Self { footprints, pieces, planes, piece_moments, .. } = self;
        pieces.sort(footprints, size, Cut::Splat(MOMENT_ROWS));
        let per_piece = splats.moments_per_splat();
        piece_moments.resize(pieces.sorted().len() * per_piece, 0.0);
        piece_moments
            .par_chunks_mut(MOMENT_PIECES * per_piece)
            .zip(pieces.sorted().par_chunks(MOMENT_PIECES))
            .with_max_len(1)
            .for_each(|(moments, pieces)| {
                with_channels!(splats.channels, C => dispatcher.run(Moments::<C> {
                    footprints,
                    color: &splats.color,
                    pieces,
                    width: size.width,
                    stride: planes.stride(),
                    gradient: planes.data(),
                    moments,
                }));
            });
        moments.resize(splats.len() * per_piece, 0.0);
        moments.par_chunks_mut(per_piece).with_min_len(1024).enumerate().for_each(
            |(splat, moments)| {
                moments.fill(0.0);
                for place in pieces.places_of(splat) {
                    let piece = &piece_moments[*place as usize * per_piece..][..per_piece];
                    for (sum, value) in moments.iter_mut().zip(piece) {
                        *sum += value;
                    }
                }
            },
        );
    }

    fn set_footprints(&mut self, splats: &Splats, size: Size) {
        (0..splats.len())
            .into_par_iter()
            .with_min_len(256)
            .map(|index| Footprint::new(splats, index, size))
            .collect_into_vec(&mut self.footprints);
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
    Ok(())
}

impl Backend for Cpu {
    fn description(&self) -> &str {
        &self.description
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        check(splats, size)?;
        Ok(self.on_threads(|work, dispatcher| {
            work.draw(dispatcher, splats, None, size, None);
            work.planes.to_image(size)
        }))
    }

    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>> {
        check(splats, gradient.size())?;
        check_channels(splats, gradient)?;
        let mut moments = Vec::new();
        self.on_threads(|work, dispatcher| {
            work.set_footprints(splats, gradient.size());
            work.planes.copy_from(gradient);
            work.sum_moments(dispatcher, splats, gradient.size(), &mut moments);
        });
        Ok(moments)
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        check(splats, size)?;
        check_tangent(splats, tangent)?;
        Ok(self.on_threads(|work, dispatcher| {
            work.draw(dispatcher, splats, Some(tangent), size, None);
            work.planes.to_image(size)
        }))
    }

    fn loss_and_vjp(
        &mut self,
        splats: &Splats,
        target: &Arc<Image>,
        loss: &Loss,
        moments: &mut Vec<f32>,
    ) -> Result<LossTerms> {
        let size = target.size();
        if loss.ssim != 0.0 {
            // SSIM mixes pixels of neighbouring bands, so the picture must be whole first.
            let picture = self.render(splats, size)?;
            let (terms, gradient) = loss.evaluate(&picture, target)?;
            *moments = self.vjp(splats, &gradient)?;
            return Ok(terms);
        }
        check(splats, size)?;
        check_channels(splats, target)?;
        Ok(self.on_threads(|work, dispatcher| {
            let stride = Planes::stride_of(size);
            let epilogue = |first_row: usize, pixels: &mut [f32], sums: &mut [RowSums]| {
                let target = target.as_ref();
                dispatcher.run(PointwiseLoss { loss, target, first_row, stride, pixels, sums });
            };
            work.draw(dispatcher, splats, None, size, Some(&epilogue));
            work.sum_moments(dispatcher, splats, size, moments);
            work.mean_terms(target.data().len())
        }))
    }
}

impl Work {
    /// Means from the sums of the rows, added from the top.
    fn mean_terms(&self, values: usize) -> LossTerms {
        let mut sums = RowSums::default();
        for row in &self.row_sums {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let [l1, l2, mse_8bit] = sums.map(|sum| sum / values as f64);
        LossTerms { l1, l2, ssim: 0.0, mse_8bit }
    }
}
