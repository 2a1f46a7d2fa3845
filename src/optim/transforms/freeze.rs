//! Groups that rest.

use super::TRANSFORM;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part, Setting};

/// Multiplies the gradients of a group by a weight, 0 unless set: `--set color.freeze.weight=1`
/// freezes all but the colours, and a schedule thaws a group in the middle of a run.
pub const PART: Part = Part {
    name: "freeze",
    help: "weights the gradient of each group; all rest but those given a weight",
    source: "-",
    settings: &[Setting::amount("weight", "factor on the gradient", 0.0)],
    build: Build::Links(|numbers| vec![each_number::<Freeze, 0, 1>(numbers)]),
    ..TRANSFORM
};

/// See [`PART`].
struct Freeze;

impl Elementwise<0, 1> for Freeze {
    const NAME: &'static str = PART.name;
    const MOMENTUM: Option<usize> = None;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [now.settings[0]]
    }

    fn update<T: Arithmetic>([weight]: [T; 1], _: T, gradient: T, _: [T; 0]) -> (T, [T; 0]) {
        (gradient * weight, [])
    }
}
