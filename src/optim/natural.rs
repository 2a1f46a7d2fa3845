//! The natural gradient: gradients in the metric of the picture that the Gaussians draw.

use super::{Groups, Step, Transform};

/// Multiplies the gradient by the inverse of every Gaussian's Gauss-Newton block, which for a
/// squared error is its Fisher matrix (Amari 1998).
#[derive(Debug)]
pub struct NaturalGradient;

impl Transform for NaturalGradient {
    fn name(&self) -> &'static str {
        "natural-gradient"
    }

    fn update(&mut self, updates: &mut Groups, step: &Step) {
        if let Some(blocks) = step.blocks {
            blocks.solve(updates);
        }
    }
}
