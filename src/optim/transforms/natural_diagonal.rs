//! The natural gradient with the diagonal of the metric alone.

use super::natural_gradient::BLOCKS;
use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Part};

/// Divides the gradient by the diagonal of every Gaussian's Gauss-Newton block.
pub const PART: Part = Part {
    name: "natural-diagonal",
    help: "the gradient over the diagonal of the Fisher matrix",
    source: "Amari 1998; LeCun et al. 1998",
    needs: BLOCKS,
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, _, step| {
            if let Some(blocks) = step.blocks {
                blocks.solve_diagonal(updates);
            }
        })
    }),
    ..TRANSFORM
};
