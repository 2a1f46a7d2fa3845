//! Colours within bounds.

use super::{CONSTRAINT, Constraint};
use crate::gaussians::Gaussians;
use crate::optim::Clock;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};

/// Keeps every colour value between `low` and `high`.
pub const PART: Part = Part {
    name: "clip-colors",
    help: "keeps every colour value within bounds",
    source: "projected gradients, Goldstein 1964",
    settings: &[
        Setting::new("low", "smallest colour value", 0.0, [f64::MIN, f64::MAX]),
        Setting::new("high", "largest colour value", 1.0, [f64::MIN, f64::MAX]),
    ],
    build: Build::Constraint(|numbers| Box::new(Clip { numbers: numbers.clone() })),
    ..CONSTRAINT
};

/// See [`PART`].
struct Clip {
    numbers: Numbers,
}

impl Constraint for Clip {
    fn project(&self, gaussians: &mut Gaussians, clock: &Clock<'_>) {
        let [low, high] = [0, 1].map(|index| self.numbers.get(index, clock) as f32);
        for value in &mut gaussians.color {
            // Bounds that cross each other must not panic.
            *value = value.min(high).max(low);
        }
    }
}
