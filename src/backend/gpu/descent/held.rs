//! What the device is in the middle of: extents, kernels and bytes.

use std::sync::Arc;

use super::super::context::Context;
use super::super::dispatch::Dispatch;
use super::super::extent::{Extent, linear_grid};
use super::super::kernels::{Kernel, Slot};
use super::super::layouts::Status;
use super::super::pass::{BINNING, Comparison};
use super::super::pipelines::Pipelines;
use super::nothing_loaded;
use super::programs::{Program, Programs, Shape};
use crate::blend::Blend;
use crate::covariance::ScaleBounds;
use crate::error::Result;
use crate::image::Image;
use crate::loss::Loss;

/// In the place of the best step if no step was.
pub(super) const NO_STEP: u32 = u32::MAX;

/// The descent that the device is in the middle of.
pub(in crate::backend::gpu) struct Held {
    pub(super) programs: Programs,
    pub(super) extent: Extent,
    pub(super) target: Arc<Image>,
    pub(super) loss: Loss,
    pub(super) blend: Blend,
    pub(super) bounds: ScaleBounds,
    pub(super) best_loss: f32,
}

impl Held {
    pub(super) fn shape(&self) -> &Shape {
        &self.programs.shape
    }

    /// Bytes of what the descent alone needs.
    pub(super) fn bytes(&self, slot: Slot, steps: usize) -> u64 {
        let (shape, count) = (self.shape(), self.extent.splats);
        let numbers = match slot {
            Slot::Parameters | Slot::Best => count * shape.parameters(),
            Slot::Gradient => count * shape.coordinates(),
            Slot::Values if !shape.update.uses_value => 0,
            Slot::Values => count * shape.coordinates(),
            Slot::Memory => count * shape.coordinates() * shape.update.slots.len(),
            Slot::Constants => 3 * steps * shape.update.constants,
            Slot::History => 4 * steps,
            _ => size_of::<Status>() / 4,
        };
        4 * numbers as u64
    }

    pub(super) fn comparison(&self) -> Comparison<'_> {
        Comparison { target: &self.target, loss: &self.loss, blend: self.blend }
    }

    /// Where a descent begins, or goes on after so many steps.
    pub(super) fn status(&self, steps: usize, best: Option<usize>) -> Status {
        Status {
            steps: steps as u32,
            best_step: best.map_or(NO_STEP, |step| step as u32),
            best_loss: self.best_loss,
            sigma_min_px: self.bounds.min_px.max(1e-4),
            sigma_max_px: self.bounds.max_px.max(self.bounds.min_px.max(1e-4)),
            ..Status::default()
        }
    }

    /// All kernels of an iteration, ready to run.
    pub(super) fn dispatches<'a>(
        &'a self,
        context: &Context,
        pipelines: &'a Pipelines,
        kernels: &[Kernel],
        capacity: u32,
    ) -> Result<Vec<Dispatch<'a>>> {
        let Context { tuning, limits, .. } = context;
        let extent = &self.extent;
        let mut dispatches = Vec::with_capacity(kernels.len() + Program::ALL.len());
        for &kernel in kernels {
            let (pipeline, group) = pipelines.get(kernel, extent.channels)?;
            let grid = extent.grid(kernel, tuning, limits, capacity);
            dispatches.push(Dispatch { stage: kernel.stage(), pipeline, group, grid });
        }
        for (program, compiled) in self.programs.iter() {
            let (pipeline, group) = compiled.ready().ok_or_else(nothing_loaded)?;
            let items = program.items(self.shape(), extent.splats);
            let grid = linear_grid(items, tuning.linear, limits);
            dispatches.push(Dispatch { stage: program.stage(), pipeline, group, grid });
        }
        Ok(dispatches)
    }

    /// The drawing kernels of an iteration, the one that compares among them.
    pub(super) fn kernels(&self, of_8bit: bool) -> Vec<Kernel> {
        let normalized = self.shape().normalized;
        let mut kernels = vec![Kernel::Pack { normalized }];
        kernels.extend(BINNING);
        kernels.extend([Kernel::Loss { of_8bit, normalized }, Kernel::Gather, Kernel::Judge]);
        if self.shape().update.uses_value {
            kernels.push(Kernel::Center);
        }
        kernels
    }
}
