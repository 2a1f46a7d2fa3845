//! The natural gradient: gradients in the metric of the picture that the Gaussians draw.

use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Needs, Part};

/// Multiplies the gradient by the inverse of every Gaussian's Gauss-Newton block, which for a
/// squared error is its Fisher matrix.
pub const PART: Part = Part {
    name: "natural-gradient",
    help: "the gradient times the inverse Gauss-Newton block of every Gaussian",
    source: "Amari 1998",
    needs: BLOCKS,
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, _, step| {
            if let Some(blocks) = step.blocks {
                blocks.solve(updates);
            }
        })
    }),
    ..TRANSFORM
};

pub(super) const BLOCKS: Needs = Needs { blocks: true, ..Needs::NONE };
