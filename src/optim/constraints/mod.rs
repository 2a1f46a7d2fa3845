//! Constraints: sets that the parameters are put back into after every step. One file each, and
//! one line in [`ALL`]. What a group's parameters must always keep to, such as the bounds of the
//! standard deviations, is the parameterisation's own affair.

mod clip;
mod condition;
mod non_negative;
mod norm;

use super::Clock;
use super::part::{Kind, Part};
use crate::gaussians::Gaussians;

/// All constraints.
pub const ALL: &[&Part] = &[&clip::PART, &norm::PART, &non_negative::PART, &condition::PART];

/// Constraints have nothing in common but their kind.
const CONSTRAINT: Part = Part { kind: Kind::Constraint, ..Part::EMPTY };

/// A set of parameters.
pub trait Constraint: Send {
    /// Moves every Gaussian to the nearest place in the set.
    fn project(&self, gaussians: &mut Gaussians, clock: &Clock<'_>);
}
