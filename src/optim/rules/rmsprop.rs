//! The gradient over its own running size.

use super::EPSILON;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part, Setting};

/// The gradient over the root of the mean of its squares, not bias-corrected.
pub const PART: Part = Part {
    name: "rmsprop",
    help: "the gradient over the root of the mean of its squares",
    source: "Tieleman and Hinton 2012",
    settings: &[Setting::decay("beta", "decay of the mean square", 0.95), EPSILON],
    rate: 0.5,
    build: Build::Links(|numbers| vec![each_number::<RmsProp, 1, 2>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct RmsProp;

impl Elementwise<1, 2> for RmsProp {
    const NAME: &'static str = PART.name;
    const MOMENTUM: Option<usize> = None;

    /// Decay and epsilon.
    fn constants(now: &Now<'_>) -> [f32; 2] {
        [now.settings[0], now.settings[1]]
    }

    fn update<T: Arithmetic>(
        [beta, epsilon]: [T; 2],
        _value: T,
        gradient: T,
        [square]: [T; 1],
    ) -> (T, [T; 1]) {
        let square = beta * square + (T::from(1.0) - beta) * gradient * gradient;
        // Zero over zero where there has been no gradient yet and epsilon is zero.
        let update = square.if_zero(T::from(0.0), gradient / (square.sqrt() + epsilon));
        (update, [square])
    }
}
