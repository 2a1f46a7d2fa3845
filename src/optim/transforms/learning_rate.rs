//! The last link: down the gradient, at each group's rate.

use crate::optim::Transform;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number_alone};

/// Multiplies each group by minus its learning rate.
struct ScaleByLearningRate;

/// The link.
pub(in crate::optim) fn link() -> Box<dyn Transform> {
    each_number_alone::<ScaleByLearningRate, 0, 1>()
}

impl Elementwise<0, 1> for ScaleByLearningRate {
    const NAME: &'static str = "learning-rate";
    const MOMENTUM: Option<usize> = None;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [-now.rate]
    }

    fn update<T: Arithmetic>([factor]: [T; 1], _: T, update: T, _: [T; 0]) -> (T, [T; 0]) {
        (update * factor, [])
    }
}
