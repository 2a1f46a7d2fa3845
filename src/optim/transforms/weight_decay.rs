//! Decoupled weight decay: part of an update that pulls the parameters to zero.

use crate::optim::Transform;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number_from};
use crate::optim::numbers::Numbers;

/// Adds a share of the parameters to the update.
struct WeightDecay;

/// The link, whose share is the number in place `index`.
pub(in crate::optim) fn link(numbers: &Numbers, index: usize) -> Box<dyn Transform> {
    each_number_from::<WeightDecay, 0, 1>(numbers, index)
}

impl Elementwise<0, 1> for WeightDecay {
    const NAME: &'static str = "weight-decay";
    const MOMENTUM: Option<usize> = None;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [now.settings[0]]
    }

    fn update<T: Arithmetic>([share]: [T; 1], value: T, update: T, _: [T; 0]) -> (T, [T; 0]) {
        (share.if_zero(update, update + share * value), [])
    }
}
