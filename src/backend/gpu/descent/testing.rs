//! Doors for tests.

use std::sync::Arc;

use super::super::Gpu;
use super::super::capabilities::Tuning;
use super::super::dispatch::encode;
use super::super::extent::Extent;
use super::super::kernels::Slot;
use super::held::{Held, Part};
use super::programs::{self, Program, Programs};
use super::shape::Shape;
use crate::backend::descent::{DescentPlan, Update, UpdateText};
use crate::blend::Blend;
use crate::covariance::{Covariance, ScaleBounds};
use crate::error::Result;
use crate::image::{Image, Size};
use crate::loss::Loss;

impl Gpu {
    /// Runs an update alone, on the numbers of one Gaussian with three shape coordinates and one
    /// colour: its gradient becomes the step. For tests.
    ///
    /// # Errors
    /// As [`Descent::load`].
    #[doc(hidden)]
    pub fn update_six_numbers(
        &mut self,
        update: &UpdateText,
        constants: &[f32],
        values: [f32; 6],
        gradient: [f32; 6],
        memory: &mut Vec<f32>,
    ) -> Result<[f32; 6]> {
        let size = Size::new(1, 1);
        let (covariance, loss) = (crate::covariance::DEFAULT, Loss::default());
        let target = Arc::new(Image::zeros(size, 1));
        let bounds = ScaleBounds { min_px: 0.35, max_px: 100.0 };
        let (blend, update) = (Blend::Additive, Update::EachNumber(update.clone()));
        let plan =
            DescentPlan { target: Arc::clone(&target), loss, blend, covariance, bounds, update };
        let programs = Programs::new(&self.context, Shape::of(&plan)?, &[Program::Update])?;
        let extent = Extent { splats: 1, channels: 1, size };
        let best_loss = f32::INFINITY;
        let quasi_newton = None;
        let mut held =
            Held { programs, extent, target, loss, blend, bounds, best_loss, quasi_newton };
        let Self { context, buffers, pipelines, .. } = self;
        let frame = extent.frame(0, None).bytes();
        let status = held.status(1, None, 0);
        let sent: [(Slot, &[u8]); 6] = [
            (Slot::Frame, &frame),
            (Slot::Status, bytemuck::bytes_of(&status)),
            (Slot::Constants, bytemuck::cast_slice(constants)),
            (Slot::Values, bytemuck::cast_slice(&values)),
            (Slot::Gradient, bytemuck::cast_slice(&gradient)),
            (Slot::Memory, bytemuck::cast_slice(memory)),
        ];
        context.guarded(|| {
            for (slot, bytes) in sent {
                buffers.ensure(context, slot, bytes.len() as u64)?;
                context.queue.write_buffer(buffers.get(slot)?, 0, bytes);
            }
            Ok(())
        })?;
        held.programs.bind(context, buffers)?;
        let dispatches =
            held.dispatches(context, pipelines, &[Part::Program(Program::Update)], 0)?;
        context.guarded(|| {
            let mut encoder = context.device.create_command_encoder(&Default::default());
            encode(&mut encoder, &dispatches, None);
            context.queue.submit([encoder.finish()]);
            Ok(())
        })?;
        *memory = self.read(Slot::Memory, 4 * memory.len() as u64)?;
        let mut step = [0.0; 6];
        step.copy_from_slice(&self.read(Slot::Gradient, 24)?);
        Ok(step)
    }
}

/// The texts of the kernels that follow from a plan: label and WGSL. For tests.
///
/// # Errors
/// [`Error::Unsupported`] if there are no formulas for the parameterisation.
#[doc(hidden)]
pub fn program_sources(
    tuning: &Tuning,
    covariance: &'static dyn Covariance,
    colors: usize,
    blend: Blend,
    update: &Update,
) -> Result<Vec<(String, String)>> {
    let target = Arc::new(Image::zeros(Size::new(1, 1), colors));
    let bounds = ScaleBounds { min_px: 0.35, max_px: 100.0 };
    let update = update.clone();
    let plan = DescentPlan { target, loss: Loss::default(), blend, covariance, bounds, update };
    programs::sources(&Shape::of(&plan)?, tuning)
}
