//! Adam: steps of the first moment over the root of the second.

use super::{BETA1, BETA2, EPSILON, Moments, moments};
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part};

/// Adam (algorithm 1), bias-corrected.
pub const PART: Part = Part {
    name: "adam",
    help: "the first moment over the root of the second",
    source: "Kingma and Ba 2015, arXiv:1412.6980",
    settings: &[BETA1, BETA2, EPSILON],
    build: Build::Links(|numbers| vec![each_number::<Adam, 2, 5>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`]. Other rules build on it.
pub(super) struct Adam;

impl Elementwise<2, 5> for Adam {
    const NAME: &'static str = PART.name;

    fn constants(now: &Now<'_>) -> [f32; 5] {
        moments(now)
    }

    fn update<T: Arithmetic>(
        constants: [T; 5],
        _value: T,
        gradient: T,
        slots: [T; 2],
    ) -> (T, [T; 2]) {
        let moments = Moments::of(constants);
        let slots = moments.take(gradient, slots);
        (moments.ratio(slots), slots)
    }
}
