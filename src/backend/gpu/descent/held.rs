//! What the device is in the middle of: extents, kernels and bytes.

use std::sync::Arc;

use super::super::context::Context;
use super::super::dispatch::Dispatch;
use super::super::extent::{Extent, linear_grid};
use super::super::kernels::{Kernel, Slot};
use super::super::layouts::{Search, Status};
use super::super::pass::{BINNING, Comparison};
use super::super::pipelines::Pipelines;
use super::nothing_loaded;
use super::programs::{Program, Programs};
use super::shape::Shape;
use crate::backend::descent::QuasiNewtonPlan;
use crate::blend::Blend;
use crate::covariance::ScaleBounds;
use crate::error::Result;
use crate::image::Image;
use crate::loss::Loss;

/// In the place of the best step if no step was.
pub(super) const NO_STEP: u32 = u32::MAX;

/// Buffers of every descent, but for those of its steps.
const SLOTS: [Slot; 6] =
    [Slot::Parameters, Slot::Best, Slot::Gradient, Slot::Values, Slot::Memory, Slot::Status];

/// Those of L-BFGS besides.
const SEARCH_SLOTS: [Slot; 5] =
    [Slot::Base, Slot::Blocks, Slot::Search, Slot::Pairs, Slot::GroupSums];

/// Vectors that L-BFGS has beside its pairs: gradient, direction and step.
pub(super) const VECTORS: usize = 3;

/// The descent that the device is in the middle of.
pub(in crate::backend::gpu) struct Held {
    pub(super) programs: Programs,
    pub(super) extent: Extent,
    pub(super) target: Arc<Image>,
    pub(super) loss: Loss,
    pub(super) blend: Blend,
    pub(super) bounds: ScaleBounds,
    pub(super) best_loss: f32,
    /// Of L-BFGS.
    pub(super) quasi_newton: Option<QuasiNewtonPlan>,
}

/// A part of an iteration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Kernel(Kernel),
    Program(Program),
}

impl Held {
    pub(super) fn shape(&self) -> &Shape {
        &self.programs.shape
    }

    /// The buffers of the descent, but for those of its steps.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        let search = self.quasi_newton.map(|_| SEARCH_SLOTS);
        SLOTS.into_iter().chain(search.into_iter().flatten())
    }

    /// Places for pairs.
    pub(super) fn places(&self) -> usize {
        self.quasi_newton.map_or(0, |plan| plan.memory.max(1))
    }

    /// Bytes of what the descent alone needs.
    pub(super) fn bytes(&self, slot: Slot, steps: usize) -> u64 {
        let (shape, count) = (self.shape(), self.extent.splats);
        let vectors = match self.quasi_newton {
            Some(_) => VECTORS + 2 * self.places(),
            None => shape.slots(),
        };
        let numbers = match slot {
            Slot::Parameters | Slot::Best | Slot::Base => count * shape.parameters(),
            Slot::Gradient => count * shape.coordinates(),
            Slot::Values if !shape.uses_value() => 0,
            Slot::Values => count * shape.coordinates(),
            Slot::Memory => count * shape.coordinates() * vectors,
            Slot::Constants => 3 * steps * shape.constants(),
            Slot::History => 4 * steps,
            Slot::Blocks => count * (2 + shape.colors),
            Slot::Search => size_of::<Search>() / 4,
            Slot::Pairs => 2 * self.places(),
            // No workgroup is smaller than four.
            Slot::GroupSums => count + 4,
            _ => size_of::<Status>() / 4,
        };
        4 * numbers as u64
    }

    pub(super) fn comparison(&self) -> Comparison<'_> {
        Comparison { target: &self.target, loss: &self.loss, blend: self.blend }
    }

    /// Where a descent begins, or goes on after so many steps, of which some were rejected.
    pub(super) fn status(&self, steps: usize, best: Option<usize>, rejected: u32) -> Status {
        Status {
            rejected,
            steps: steps as u32,
            best_step: best.map_or(NO_STEP, |step| step as u32),
            best_loss: self.best_loss,
            sigma_min_px: self.bounds.min_px.max(1e-4),
            sigma_max_px: self.bounds.max_px.max(self.bounds.min_px.max(1e-4)),
            ..Status::default()
        }
    }

    /// The parts of an iteration, ready to run.
    pub(super) fn dispatches<'a>(
        &'a self,
        context: &Context,
        pipelines: &'a Pipelines,
        parts: &[Part],
        capacity: u32,
    ) -> Result<Vec<Dispatch<'a>>> {
        let Context { tuning, limits, .. } = context;
        let extent = &self.extent;
        let dispatch = |part: &Part| match *part {
            Part::Kernel(kernel) => {
                let (pipeline, group) = pipelines.get(kernel, extent.channels)?;
                let grid = extent.grid(kernel, tuning, limits, capacity);
                Ok(Dispatch { stage: kernel.stage(), pipeline, group, grid })
            }
            Part::Program(program) => {
                let compiled = self.programs.get(program).ok_or_else(nothing_loaded)?;
                let (pipeline, group) = compiled.ready().ok_or_else(nothing_loaded)?;
                let items = program.items(self.shape(), extent.splats);
                let grid = items.map_or([1, 1], |n| linear_grid(n, tuning.linear, limits));
                Ok(Dispatch { stage: program.stage(), pipeline, group, grid })
            }
        };
        parts.iter().map(dispatch).collect()
    }

    /// The drawing kernels of an iteration, the one that compares among them.
    pub(super) fn kernels(&self, of_8bit: bool) -> Vec<Kernel> {
        let normalized = self.shape().normalized;
        let mut kernels = vec![Kernel::Pack { normalized }];
        kernels.extend(BINNING);
        let judge = Kernel::Judge { searching: self.quasi_newton.is_some() };
        kernels.extend([Kernel::Loss { of_8bit, normalized }, Kernel::Gather, judge]);
        if self.shape().uses_value() {
            kernels.push(Kernel::Center);
        }
        kernels
    }

    /// All parts of an iteration: these kernels, and the programs.
    pub(super) fn parts(&self, kernels: &[Kernel]) -> Vec<Part> {
        let kernels = kernels.iter().map(|kernel| Part::Kernel(*kernel));
        let programs = match self.quasi_newton {
            None => vec![Program::Differentiate, Program::Update, Program::Retract],
            Some(_) => {
                let mut programs = vec![Program::Differentiate, Program::Learn, Program::Decide];
                // One operation to begin with, one for each pair on either way, and one more where
                // the memory misleads.
                for _ in 0..2 * self.places() + 2 {
                    programs.extend([Program::Combine, Program::Decide]);
                }
                programs.extend([Program::Try, Program::Slope]);
                programs
            }
        };
        kernels.chain(programs.into_iter().map(Part::Program)).collect()
    }
}
