//! The backend on any adapter that `wgpu` drives: Vulkan, Metal or DirectX 12, hardware or not.
//!
//! A pass bins the splats to tiles of 16 x 16 pixels, draws tile by tile, and sums gradients per
//! (splat, tile) pair first and per splat after, so that no float is ever added atomically and two
//! runs give the same bits. A picture that exceeds the device's buffers is drawn band by band. The
//! shaders are in `shaders/`; `kernels` is their table.

pub(super) mod adapters;
mod bands;
mod buffers;
mod capabilities;
mod context;
mod descent;
mod dispatch;
mod extent;
mod kernels;
mod layouts;
mod limits;
mod pass;
mod pipelines;
mod target;
mod template;
mod timestamps;
mod transfer;

use std::sync::Arc;

#[doc(hidden)]
pub use adapters::software_adapter;
use bands::Band;
use buffers::Buffers;
pub use capabilities::{Block, Reduction, Tuning};
use context::Context;
#[doc(hidden)]
pub use descent::program_sources;
#[doc(hidden)]
pub use kernels::Kernel;
use kernels::Slot;
#[doc(hidden)]
pub use layouts::{Layout, layouts};
use pass::{Binned, Comparison, Picture, Work};
use pipelines::Pipelines;
use target::Target;
use timestamps::Timestamps;
use transfer::Transfer;

use super::timing::{StageTime, Stopwatch};
use super::{Backend, Descent, Splats, check_channels, check_tangent, check_target, unfused};
use crate::blend::Blend;
use crate::error::{Error, Result};
use crate::image::{Image, Size};
use crate::loss::{Loss, LossTerms};

/// Settings that tests need; the default suits every adapter.
#[derive(Clone, Copy, Debug, Default)]
pub struct GpuOptions {
    /// Fills every new buffer with a number that cannot be mistaken for a result.
    #[doc(hidden)]
    pub poison: bool,
    /// Overrules how lanes are added up.
    #[doc(hidden)]
    pub reduction: Option<Reduction>,
    /// Overrules the constants of the kernels.
    #[doc(hidden)]
    pub tuning: Option<Tuning>,
    /// Room in the first lists, in (splat, tile) pairs.
    #[doc(hidden)]
    pub first_capacity: Option<u32>,
    /// Takes the device's buffers to be no larger than this, in bytes.
    #[doc(hidden)]
    pub largest_buffer_bytes: Option<u64>,
    /// Takes updates to be faster on the device, whatever it is.
    #[doc(hidden)]
    pub takes_updates: bool,
    /// Asks for no more than every device has.
    #[doc(hidden)]
    pub default_limits: bool,
}

/// Pairs of splat and tile that the first lists have room for.
const FIRST_CAPACITY: u32 = 16 * 1024;

/// A device that draws splats.
pub struct Gpu {
    context: Context,
    buffers: Buffers,
    pipelines: Pipelines,
    upload: Transfer,
    readback: Transfer,
    /// Room in the lists, in (splat, tile) pairs.
    capacity: u32,
    binned: Binned,
    target: Option<Target>,
    geometry: Vec<layouts::Geometry>,
    records: Vec<f32>,
    stopwatch: Stopwatch,
    /// Made when times are first taken.
    timestamps: Option<Timestamps>,
    held: Option<descent::Held>,
}

impl Gpu {
    /// Opens a device of its own on `adapter`.
    ///
    /// # Errors
    /// [`Error::Device`] if the adapter refuses.
    pub fn new(adapter: &wgpu::Adapter) -> Result<Self> {
        Self::with_options(adapter, &GpuOptions::default())
    }

    /// As [`Self::new`], with settings.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_options(adapter: &wgpu::Adapter, options: &GpuOptions) -> Result<Self> {
        Ok(Self::on(Context::open(adapter, options)?, options))
    }

    /// Uses a device that belongs to the caller.
    ///
    /// Its handlers for errors and loss are left alone; errors are caught in scopes. Features and
    /// limits are taken as they are: [`wgpu::Features::SUBGROUP`] makes it faster, and the default
    /// limits suffice.
    ///
    /// # Errors
    /// [`Error::Limit`] if the device was opened with less than the default limits.
    pub fn from_device(device: wgpu::Device, queue: wgpu::Queue) -> Result<Self> {
        let (has, needs) = (device.limits(), wgpu::Limits::default());
        for (what, value, limit) in [
            (
                "storage buffers of a kernel",
                needs.max_storage_buffers_per_shader_stage,
                has.max_storage_buffers_per_shader_stage,
            ),
            (
                "invocations of a workgroup",
                needs.max_compute_invocations_per_workgroup,
                has.max_compute_invocations_per_workgroup,
            ),
            (
                "bytes of a workgroup's memory",
                needs.max_compute_workgroup_storage_size,
                has.max_compute_workgroup_storage_size,
            ),
        ] {
            if value > limit {
                return Err(Error::Limit { what, value: value.into(), limit: limit.into() });
            }
        }
        let options = GpuOptions::default();
        Ok(Self::on(Context::borrow(device, queue, &options), &options))
    }

    fn on(context: Context, options: &GpuOptions) -> Self {
        Self {
            context,
            buffers: Buffers::default(),
            pipelines: Pipelines::default(),
            upload: Transfer::upload(),
            readback: Transfer::readback(),
            capacity: options.first_capacity.unwrap_or(FIRST_CAPACITY),
            binned: Binned::default(),
            target: None,
            geometry: Vec::new(),
            records: Vec::new(),
            stopwatch: Stopwatch::default(),
            timestamps: None,
            held: None,
        }
    }

    /// Room in the lists, in (splat, tile) pairs. For tests.
    #[doc(hidden)]
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How often a buffer was replaced by a larger one. For tests.
    #[doc(hidden)]
    pub fn replacements(&self) -> u64 {
        self.buffers.generation
    }

    /// The constants of the kernels. For tests.
    #[doc(hidden)]
    pub fn tuning(&self) -> Tuning {
        self.context.tuning
    }

    fn draw(&mut self, splats: &Splats, size: Size, work: Work<'_>) -> Result<Image> {
        limits::check_picture(size, splats.channels)?;
        let mut image = Image::zeros(size, splats.channels);
        let picture = Picture { splats, size, work, results: &[Slot::Picture] };
        self.in_bands(&picture, &mut |band, bytes| band.paste(bytes, &mut image))?;
        Ok(image)
    }
}

impl Backend for Gpu {
    fn description(&self) -> &str {
        &self.context.description
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        if is_empty(size) {
            return Ok(Image::zeros(size, splats.channels));
        }
        self.draw(splats, size, Work::Render)
    }

    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>> {
        check_channels(splats, gradient)?;
        let numbers = splats.len() * splats.moments_per_splat();
        if numbers == 0 || gradient.data().is_empty() {
            return Ok(vec![0.0; numbers]);
        }
        let picture = Picture {
            splats,
            size: gradient.size(),
            work: Work::Backward(gradient),
            results: &[Slot::Moments],
        };
        let mut moments = Vec::new();
        self.in_bands(&picture, &mut |band, bytes| add_band(&mut moments, band, bytes))?;
        Ok(moments)
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        check_tangent(splats, tangent)?;
        if is_empty(size) || splats.is_empty() {
            return Ok(Image::zeros(size, splats.channels));
        }
        self.draw(splats, size, Work::Tangent(tangent))
    }

    fn loss_and_vjp(
        &mut self,
        splats: &Splats,
        target: &Arc<Image>,
        loss: &Loss,
        blend: Blend,
        moments: &mut Vec<f32>,
    ) -> Result<LossTerms> {
        check_target(splats, target, blend)?;
        let size = target.size();
        // SSIM mixes pixels of neighbouring tiles, so the picture must be whole first.
        if loss.ssim != 0.0 || target.data().is_empty() {
            return unfused(self, splats, target, loss, blend, moments);
        }
        let picture = Picture {
            splats,
            size,
            work: Work::Loss(Comparison { target, loss, blend }),
            results: &[Slot::Moments, Slot::LossSums],
        };
        let moment_bytes = 4 * splats.len() * splats.moments_per_splat();
        let mut sums = LossSums::default();
        self.in_bands(&picture, &mut |band, bytes| {
            let (band_moments, band_sums) = bytes.split_at(moment_bytes);
            add_band(moments, band, band_moments);
            add_tiles(&mut sums, band_sums);
        })?;
        let [l1, l2, mse_8bit] = sums.map(|sum| sum / target.data().len() as f64);
        Ok(LossTerms { l1, l2, ssim: 0.0, mse_8bit })
    }

    fn descent(&mut self) -> Option<&mut dyn Descent> {
        Some(self)
    }

    fn profile(&mut self, on: bool) {
        self.stopwatch.switch(on);
    }

    fn timings(&self) -> Vec<StageTime> {
        self.stopwatch.stages().to_vec()
    }
}

/// Whether a picture has no pixels.
fn is_empty(size: Size) -> bool {
    size.width == 0 || size.height == 0
}

/// Sums over the pixels: |d|, d^2, squared 8-bit difference.
type LossSums = [f64; 3];

/// Adds the sums of every tile, in their order.
fn add_tiles(total: &mut LossSums, tiles: &[u8]) {
    for tile in tiles.chunks_exact(16) {
        let tile: [f32; 4] = bytemuck::pod_read_unaligned(tile);
        for (total, value) in total.iter_mut().zip(tile) {
            *total += f64::from(value);
        }
    }
}

/// Adds a band's moments to those of the bands above it.
fn add_band(moments: &mut Vec<f32>, band: Band, bytes: &[u8]) {
    if band.first_row == 0 {
        *moments = bytemuck::pod_collect_to_vec(bytes);
        return;
    }
    for (sum, value) in moments.iter_mut().zip(bytes.chunks_exact(4)) {
        *sum += bytemuck::pod_read_unaligned::<f32>(value);
    }
}
