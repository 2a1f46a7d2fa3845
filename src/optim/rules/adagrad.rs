//! Rates that fall with all gradients seen.

use super::EPSILON;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part};

/// The gradient over the root of the sum of all its squares.
pub const PART: Part = Part {
    name: "adagrad",
    help: "the gradient over the root of the sum of all its squares",
    source: "Duchi et al. 2011",
    settings: &[EPSILON],
    rate: 1.0,
    build: Build::Links(|numbers| vec![each_number::<AdaGrad, 1, 1>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct AdaGrad;

impl Elementwise<1, 1> for AdaGrad {
    const NAME: &'static str = PART.name;
    const MOMENTUM: Option<usize> = None;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [now.settings[0]]
    }

    fn update<T: Arithmetic>(
        [epsilon]: [T; 1],
        _value: T,
        gradient: T,
        [sum]: [T; 1],
    ) -> (T, [T; 1]) {
        let sum = sum + gradient * gradient;
        // Zero over zero where there has been no gradient yet and epsilon is zero.
        let update = sum.if_zero(T::from(0.0), gradient / (sum.sqrt() + epsilon));
        (update, [sum])
    }
}
