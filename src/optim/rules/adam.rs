//! Adam: steps of the first moment over the root of the second.

use super::{BETA1, BETA2, EPSILON, Moments};
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part};

/// Adam (algorithm 1), bias-corrected.
pub const PART: Part = Part {
    name: "adam",
    help: "the first moment over the root of the second",
    source: "Kingma and Ba 2015, arXiv:1412.6980",
    settings: &[BETA1, BETA2, EPSILON],
    build: Build::Links(|numbers| vec![each_number::<Adam, 2>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`]. Other rules build on it.
pub(super) struct Adam;

impl Elementwise<2> for Adam {
    const NAME: &'static str = PART.name;
    type Constants = Moments;

    fn constants(settings: &[f32], update: u64) -> Moments {
        Moments::new(settings, update)
    }

    fn update(moments: &Moments, _value: f32, gradient: f32, slots: [f32; 2]) -> (f32, [f32; 2]) {
        let slots = moments.take(gradient, slots);
        (moments.ratio(slots), slots)
    }
}
