//! The gradient over its own running size.

use super::EPSILON;
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part, Setting};

/// The gradient over the root of the mean of its squares, not bias-corrected.
pub const PART: Part = Part {
    name: "rmsprop",
    help: "the gradient over the root of the mean of its squares",
    source: "Tieleman and Hinton 2012",
    settings: &[Setting::decay("beta", "decay of the mean square", 0.95), EPSILON],
    rate: 0.5,
    build: Build::Links(|numbers| vec![each_number::<RmsProp, 1>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct RmsProp;

impl Elementwise<1> for RmsProp {
    const NAME: &'static str = PART.name;
    const MOMENTUM: Option<usize> = None;
    /// Decay and epsilon.
    type Constants = [f32; 2];

    fn constants(settings: &[f32], _update: u64) -> [f32; 2] {
        [settings[0], settings[1]]
    }

    fn update(
        [beta, epsilon]: &[f32; 2],
        _value: f32,
        gradient: f32,
        [square]: [f32; 1],
    ) -> (f32, [f32; 1]) {
        let square = beta * square + (1.0 - beta) * gradient * gradient;
        // Zero over zero where there has been no gradient yet and epsilon is zero.
        let update = if square == 0.0 { 0.0 } else { gradient / (square.sqrt() + epsilon) };
        (update, [square])
    }
}
