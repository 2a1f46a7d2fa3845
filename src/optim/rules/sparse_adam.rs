//! Adam for the Gaussians that were touched.

use super::{BETA1, BETA2, EPSILON, Moments};
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part};

/// As Adam, but a number whose gradient is exactly zero keeps its moments and does not move: that
/// of a Gaussian which no pixel of the batch sees.
pub const PART: Part = Part {
    name: "sparse-adam",
    help: "Adam on the Gaussians that were touched; the others and their moments rest",
    source: "SparseAdam of PyTorch",
    settings: &[BETA1, BETA2, EPSILON],
    build: Build::Links(|numbers| vec![each_number::<SparseAdam, 2>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct SparseAdam;

impl Elementwise<2> for SparseAdam {
    const NAME: &'static str = PART.name;
    type Constants = Moments;

    fn constants(settings: &[f32], update: u64) -> Moments {
        Moments::new(settings, update)
    }

    fn update(moments: &Moments, _value: f32, gradient: f32, slots: [f32; 2]) -> (f32, [f32; 2]) {
        if gradient == 0.0 {
            return (0.0, slots);
        }
        let slots = moments.take(gradient, slots);
        (moments.ratio(slots), slots)
    }
}
