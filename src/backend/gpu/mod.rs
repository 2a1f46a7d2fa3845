//! The backend on any adapter that `wgpu` drives: Vulkan, Metal or DirectX 12, hardware or not.
//!
//! A pass bins the splats to tiles of 16 x 16 pixels, draws tile by tile, and sums gradients per
//! (splat, tile) pair first and per splat after, so that no float is ever added atomically and two
//! runs give the same bits. The shaders are in `shaders/`; `kernels` is their table.

mod buffers;
mod capabilities;
mod context;
mod kernels;
mod layouts;
mod limits;
mod pass;
mod pipelines;
mod template;
mod transfer;

use std::sync::Arc;

use buffers::Buffers;
pub use capabilities::{Block, Reduction, Tuning};
use context::Context;
#[doc(hidden)]
pub use kernels::Kernel;
use kernels::Slot;
#[doc(hidden)]
pub use layouts::{Layout, layouts};
use pass::{Binned, Comparison, Pass, Work};
use pipelines::Pipelines;
use transfer::Transfer;

use super::{Backend, Splats, check_channels, check_tangent, check_target, unfused};
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
    target: Option<Arc<Image>>,
    target_is_8bit: bool,
    geometry: Vec<layouts::Geometry>,
    records: Vec<f32>,
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
            target_is_8bit: false,
            geometry: Vec::new(),
            records: Vec::new(),
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
        let bytes = 4 * (splats.channels * size.pixels()) as u64;
        let pass = Pass { splats, size, work, results: &[(Slot::Picture, bytes)] };
        let data = self.run(&pass, floats)?;
        Image::from_planar(size, splats.channels, data)
    }
}

impl Backend for Gpu {
    fn description(&self) -> &str {
        &self.context.description
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        if size.pixels() == 0 {
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
        let pass = Pass {
            splats,
            size: gradient.size(),
            work: Work::Backward(gradient),
            results: &[(Slot::Moments, 4 * numbers as u64)],
        };
        self.run(&pass, floats)
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        check_tangent(splats, tangent)?;
        if size.pixels() == 0 || splats.is_empty() {
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
        let [across, down] = limits::tiles(size);
        let sums = 16 * across * down;
        let numbers = splats.len() * splats.moments_per_splat();
        let pass = Pass {
            splats,
            size,
            work: Work::Loss(Comparison { target, loss, blend }),
            results: &[(Slot::LossSums, sums), (Slot::Moments, 4 * numbers as u64)],
        };
        let (terms, data) = self.run(&pass, |bytes| {
            let (sums, moments) = bytes.split_at(sums as usize);
            (loss_terms(sums, target.data().len()), floats(moments))
        })?;
        *moments = data;
        Ok(terms)
    }
}

/// Means over `count` values from the sums of every tile: |d|, d^2, squared 8-bit difference.
fn loss_terms(sums: &[u8], count: usize) -> LossTerms {
    let mut total = [0.0_f64; 3];
    for tile in sums.chunks_exact(16) {
        let tile: [f32; 4] = bytemuck::pod_read_unaligned(tile);
        for (total, value) in total.iter_mut().zip(tile) {
            *total += f64::from(value);
        }
    }
    let [l1, l2, mse_8bit] = total.map(|sum| sum / count as f64);
    LossTerms { l1, l2, ssim: 0.0, mse_8bit }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytemuck::pod_collect_to_vec(bytes)
}
