//! The heavy ball.

use super::PROPORTIONAL;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part, Setting};

/// Steps along a sum of gradients that fades: `m <- beta m + g`.
pub const PART: Part = Part {
    name: "momentum",
    help: "steps along a fading sum of gradients",
    source: "Polyak 1964",
    settings: &[BETA],
    rate: 0.02,
    needs: PROPORTIONAL,
    build: Build::Links(|numbers| vec![each_number::<Momentum, 1, 1>(numbers)]),
    ..Part::EMPTY
};

pub(super) const BETA: Setting = Setting::decay("beta", "decay of the sum", 0.8);

/// See [`PART`]. Other rules build on it.
pub(super) struct Momentum;

impl Elementwise<1, 1> for Momentum {
    const NAME: &'static str = PART.name;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [now.settings[0]]
    }

    fn update<T: Arithmetic>([beta]: [T; 1], _value: T, gradient: T, [sum]: [T; 1]) -> (T, [T; 1]) {
        let sum = beta * sum + gradient;
        (sum, [sum])
    }
}
