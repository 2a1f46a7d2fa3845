//! The heavy ball.

use super::PROPORTIONAL;
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part, Setting};

/// Steps along a sum of gradients that fades: `m <- beta m + g`.
pub const PART: Part = Part {
    name: "momentum",
    help: "steps along a fading sum of gradients",
    source: "Polyak 1964",
    settings: &[BETA],
    rate: 0.02,
    needs: PROPORTIONAL,
    build: Build::Links(|numbers| vec![each_number::<Momentum, 1>(numbers)]),
    ..Part::EMPTY
};

pub(super) const BETA: Setting = Setting::decay("beta", "decay of the sum", 0.8);

/// See [`PART`]. Other rules build on it.
pub(super) struct Momentum;

impl Elementwise<1> for Momentum {
    const NAME: &'static str = PART.name;
    type Constants = f32;

    fn constants(settings: &[f32], _update: u64) -> f32 {
        settings[0]
    }

    fn update(beta: &f32, _value: f32, gradient: f32, [sum]: [f32; 1]) -> (f32, [f32; 1]) {
        let sum = beta * sum + gradient;
        (sum, [sum])
    }
}
