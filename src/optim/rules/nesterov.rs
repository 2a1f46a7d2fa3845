//! Momentum that looks ahead.

use super::{PROPORTIONAL, momentum};
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part};

/// As momentum, with the gradient once more: `m <- beta m + g`, along `beta m + g`.
pub const PART: Part = Part {
    name: "nesterov",
    help: "momentum that looks one step ahead",
    source: "Nesterov 1983; Sutskever et al. 2013",
    settings: &[momentum::BETA],
    rate: 0.02,
    needs: PROPORTIONAL,
    build: Build::Links(|numbers| vec![each_number::<Nesterov, 1>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct Nesterov;

impl Elementwise<1> for Nesterov {
    const NAME: &'static str = PART.name;
    type Constants = f32;

    fn constants(settings: &[f32], _update: u64) -> f32 {
        settings[0]
    }

    fn update(beta: &f32, _value: f32, gradient: f32, [sum]: [f32; 1]) -> (f32, [f32; 1]) {
        let sum = beta * sum + gradient;
        (beta * sum + gradient, [sum])
    }
}
