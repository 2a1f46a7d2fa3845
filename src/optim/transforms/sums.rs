//! Gradients of sums in the place of gradients of means.

use crate::optim::Transform;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number_alone};

/// Divides by the curvature of the loss along one value of a pixel: the gradient of a mean over
/// the picture becomes that of half the sum of squares, which does not depend on the picture's
/// size.
struct Sums;

/// The link.
pub(in crate::optim) fn link() -> Box<dyn Transform> {
    each_number_alone::<Sums, 0, 1>()
}

impl Elementwise<0, 1> for Sums {
    const NAME: &'static str = "sums";
    const MOMENTUM: Option<usize> = None;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [(1.0 / f64::from(now.curvature)) as f32]
    }

    fn update<T: Arithmetic>([factor]: [T; 1], _: T, gradient: T, _: [T; 0]) -> (T, [T; 0]) {
        (gradient * factor, [])
    }
}
