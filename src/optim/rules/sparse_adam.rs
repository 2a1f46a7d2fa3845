//! Adam for the Gaussians that were touched.

use super::{BETA1, BETA2, EPSILON, Moments, moments};
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part};

/// As Adam, but a number whose gradient is exactly zero keeps its moments and does not move: that
/// of a Gaussian which no pixel of the batch sees.
pub const PART: Part = Part {
    name: "sparse-adam",
    help: "Adam on the Gaussians that were touched; the others and their moments rest",
    source: "SparseAdam of PyTorch",
    settings: &[BETA1, BETA2, EPSILON],
    build: Build::Links(|numbers| vec![each_number::<SparseAdam, 2, 5>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct SparseAdam;

impl Elementwise<2, 5> for SparseAdam {
    const NAME: &'static str = PART.name;

    fn constants(now: &Now<'_>) -> [f32; 5] {
        moments(now)
    }

    fn update<T: Arithmetic>(
        constants: [T; 5],
        _value: T,
        gradient: T,
        before: [T; 2],
    ) -> (T, [T; 2]) {
        let moments = Moments::of(constants);
        let after = moments.take(gradient, before);
        let update = gradient.if_zero(T::from(0.0), moments.ratio(after));
        (update, [0, 1].map(|slot| gradient.if_zero(before[slot], after[slot])))
    }
}
