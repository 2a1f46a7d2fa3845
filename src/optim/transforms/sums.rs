//! Gradients of sums in the place of gradients of means.

use crate::error::Result;
use crate::optim::{Flow, Groups, Step, Transform};

/// Divides by the curvature of the loss along one value of a pixel: the gradient of a mean over
/// the picture becomes that of half the sum of squares, which does not depend on the picture's
/// size.
#[derive(Debug)]
pub struct Sums;

impl Transform for Sums {
    fn name(&self) -> &'static str {
        "sums"
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        updates.scale(1.0 / f64::from(step.curvature));
        Ok(Flow::On)
    }
}
