//! Regularizers: terms that are added to the loss. One file each, and one line in [`ALL`].
//!
//! Terms are means over the Gaussians, times a weight; the loss itself is a mean over the values
//! of the picture.

mod anisotropy;
mod elastic_net;
mod overlap;

use super::part::{Kind, Needs, Part};
use super::{Clock, Groups};
use crate::gaussians::Gaussians;

/// All terms.
pub const ALL: &[&Part] =
    &[&elastic_net::L1, &elastic_net::L2, &elastic_net::PART, &anisotropy::PART, &overlap::PART];

/// Gradients are in the body frame.
const PENALTY: Part = Part {
    kind: Kind::Regularizer,
    needs: Needs { body_frame: true, ..Needs::NONE },
    ..Part::EMPTY
};

/// A term of the loss that depends on the Gaussians alone.
pub trait Penalty: Send {
    /// Its value.
    fn value(&self, gaussians: &Gaussians, clock: &Clock<'_>) -> f64;

    /// Adds its gradient to one in the body frame.
    fn add_gradient(&self, gaussians: &Gaussians, clock: &Clock<'_>, gradient: &mut Groups);
}

/// `L^T L` of a factor as `[xx, xy, yy]`: the squared lengths of a Gaussian's own axes, and what
/// its standard deviations change by along a step of the shape.
fn gram([a, b, c, d]: [f32; 4]) -> [f64; 3] {
    let [a, b, c, d] = [a, b, c, d].map(f64::from);
    [a * a + c * c, a * b + c * d, b * b + d * d]
}
