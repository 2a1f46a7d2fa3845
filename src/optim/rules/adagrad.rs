//! Rates that fall with all gradients seen.

use super::EPSILON;
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part};

/// The gradient over the root of the sum of all its squares.
pub const PART: Part = Part {
    name: "adagrad",
    help: "the gradient over the root of the sum of all its squares",
    source: "Duchi et al. 2011",
    settings: &[EPSILON],
    rate: 1.0,
    build: Build::Links(|numbers| vec![each_number::<AdaGrad, 1>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct AdaGrad;

impl Elementwise<1> for AdaGrad {
    const NAME: &'static str = PART.name;
    const MOMENTUM: Option<usize> = None;
    type Constants = f32;

    fn constants(settings: &[f32], _update: u64) -> f32 {
        settings[0]
    }

    fn update(epsilon: &f32, _value: f32, gradient: f32, [sum]: [f32; 1]) -> (f32, [f32; 1]) {
        let sum = sum + gradient * gradient;
        // Zero over zero where there has been no gradient yet and epsilon is zero.
        let update = if sum == 0.0 { 0.0 } else { gradient / (sum.sqrt() + epsilon) };
        (update, [sum])
    }
}
