//! Colours that only add light.

use super::{CONSTRAINT, Constraint};
use crate::gaussians::Gaussians;
use crate::optim::Clock;
use crate::optim::part::{Build, Part};

/// Keeps every colour value at least zero. Signed colours draw better pictures; some renderers
/// have none.
pub const PART: Part = Part {
    name: "non-negative",
    help: "keeps every colour value at least zero",
    source: "Lee and Seung 1999",
    build: Build::Constraint(|_| Box::new(NonNegative)),
    ..CONSTRAINT
};

/// See [`PART`].
struct NonNegative;

impl Constraint for NonNegative {
    fn project(&self, gaussians: &mut Gaussians, _clock: &Clock<'_>) {
        gaussians.color.iter_mut().for_each(|value| *value = value.max(0.0));
    }
}
