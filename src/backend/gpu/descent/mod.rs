//! Whole iterations on the device: the parameters stay there, and the host only sends a step's
//! constants ahead and looks at the losses afterwards.
//!
//! Every iteration packs the parameters into splats, bins and draws them as any pass does, judges
//! the loss, and moves the parameters: by an elementwise update, or by L-BFGS, where the state that
//! was drawn is a trial that is kept or not (see [`quasi_newton`]). Nothing is waited for until all
//! of them are submitted. Lists that turn out too short stop it: everything after is void, and goes
//! on from there with more room.

mod held;
mod programs;
mod quasi_newton;
mod shape;
mod steps;
mod testing;

use std::sync::Arc;

pub(super) use held::Held;
use programs::{Program, Programs};
use shape::Shape;
pub use testing::program_sources;

use super::Gpu;
use super::extent::Extent;
use super::kernels::Slot;
use super::limits::{check_buffer, rows_at_once};
use super::target::Target;
use super::transfer::Transfer;
use crate::backend::descent::{Descended, Descent, DescentPlan, DescentState, Update};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;

impl Descent for Gpu {
    /// Software computes on the processor either way, where nothing is gained (docs/METHODS.md has
    /// figures); hardware need not wait for a readback in every iteration.
    fn is_faster(&self) -> bool {
        self.context.takes_updates
    }

    fn load(&mut self, plan: &DescentPlan, state: &DescentState) -> Result<()> {
        let shape = Shape::of(plan)?;
        self.check(plan, &shape, state)?;
        let extent = Extent {
            splats: state.gaussians.len(),
            channels: shape.channels(),
            size: plan.target.size(),
        };
        let kept = self.held.take().filter(|held| held.programs.shape == shape);
        let programs = match kept {
            Some(held) => held.programs,
            None => {
                let programs = Program::of(&shape);
                Programs::new(&self.context, shape, programs)?
            }
        };
        let held = Held {
            programs,
            extent,
            target: Arc::clone(&plan.target),
            loss: plan.loss,
            blend: plan.blend,
            bounds: plan.bounds,
            best_loss: state.best_loss,
            quasi_newton: match plan.update {
                Update::EachNumber(_) => None,
                Update::QuasiNewton(plan) => Some(plan),
            },
        };
        let Self { context, buffers, .. } = self;
        for slot in held.slots() {
            check_buffer(&context.limits, held.bytes(slot, 0))?;
        }
        context.guarded(|| {
            for slot in held.slots() {
                buffers.ensure(context, slot, held.bytes(slot, 0))?;
            }
            let parameters = join(&state.gaussians);
            let queue = &context.queue;
            queue.write_buffer(
                buffers.get(Slot::Parameters)?,
                0,
                bytemuck::cast_slice(&parameters),
            );
            let memory = bytemuck::cast_slice(&state.memory);
            queue.write_buffer(buffers.get(Slot::Memory)?, 0, memory);
            match (&held.quasi_newton, &state.quasi_newton) {
                (Some(plan), Some(state)) => held.send_search(context, buffers, plan, state),
                _ => Ok(()),
            }
        })?;
        self.held = Some(held);
        Ok(())
    }

    fn descend(&mut self, constants: &[f32], steps: usize) -> Result<Descended> {
        let mut held = self.held.take().ok_or_else(nothing_loaded)?;
        // Lists and splats on the device are no longer those of a picture that was drawn before.
        self.binned.size = None;
        let descended = self.descend_from(&mut held, constants, steps);
        if descended.is_err() {
            self.readback = Transfer::readback();
        }
        self.held = Some(held);
        descended
    }

    fn fetch(&mut self, state: &mut DescentState, best: Option<&mut Gaussians>) -> Result<()> {
        let held = self.held.take().ok_or_else(nothing_loaded)?;
        let read = || -> Result<()> {
            let parameters = held.bytes(Slot::Parameters, 0);
            let numbers = self.read(Slot::Parameters, parameters)?;
            split(&numbers, &mut state.gaussians, held.extent.splats);
            let memory = self.read(Slot::Memory, held.bytes(Slot::Memory, 0))?;
            state.memory = Vec::new();
            match held.quasi_newton {
                None => state.memory = memory,
                Some(_) => state.quasi_newton = Some(self.receive_search(&held, &memory)?),
            }
            state.best_loss = held.best_loss;
            if let Some(best) = best {
                let numbers = self.read(Slot::Best, parameters)?;
                *best = Gaussians::empty(held.shape().colors);
                split(&numbers, best, held.extent.splats);
            }
            Ok(())
        };
        let result = read();
        if result.is_err() {
            self.readback = Transfer::readback();
        }
        self.held = Some(held);
        result
    }
}

impl Gpu {
    /// Checks what the kernels take for granted.
    fn check(&mut self, plan: &DescentPlan, shape: &Shape, state: &DescentState) -> Result<()> {
        let (size, count) = (plan.target.size(), state.gaussians.len());
        let no = |message: &str| {
            let message = message.to_owned();
            Err(Error::Unsupported { what: "placement on the device", message })
        };
        if plan.loss.ssim != 0.0 {
            return no("a loss with SSIM is taken on the host");
        }
        if count == 0 || plan.target.data().is_empty() {
            return no("there is nothing to draw");
        }
        let unfit = match &plan.update {
            Update::EachNumber(_) => {
                state.memory.len() != count * shape.coordinates() * shape.slots()
            }
            Update::QuasiNewton(plan) => !quasi_newton::fits(shape, count, plan, state),
        };
        if unfit {
            return Err(Error::Invalid(format!(
                "what is remembered does not belong to {count} Gaussians and this rule"
            )));
        }
        let pixel_bytes = Target::keep(&mut self.target, &plan.target).pixel_bytes();
        let limits = &self.context.limits;
        let rows = rows_at_once(limits, size, count, shape.channels(), pixel_bytes)?;
        if rows < size.height {
            return no("the picture is larger than the device draws at once");
        }
        Ok(())
    }
}

fn nothing_loaded() -> Error {
    Error::Device("no descent was loaded".into())
}

/// Parameters in the order of the device.
fn join(gaussians: &Gaussians) -> Vec<f32> {
    let Gaussians { mean_px, factor_px, color, .. } = gaussians;
    [mean_px.as_flattened(), factor_px.as_flattened(), color].concat()
}

/// The inverse of [`join`], for `count` Gaussians.
fn split(numbers: &[f32], gaussians: &mut Gaussians, count: usize) {
    let (mean_px, rest) = numbers.split_at(2 * count);
    let (factor_px, color) = rest.split_at(4 * count);
    gaussians.mean_px = bytemuck::cast_slice(mean_px).to_vec();
    gaussians.factor_px = bytemuck::cast_slice(factor_px).to_vec();
    gaussians.color = color.to_vec();
}
