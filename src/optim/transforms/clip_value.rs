//! Clipping of each entry.

use super::TRANSFORM;
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part, Setting};

/// Bounds every entry to `-limit..=limit`.
pub const PART: Part = Part {
    name: "clip-value",
    help: "bounds every entry of the gradient",
    source: "Mikolov 2012",
    settings: &[Setting::new(
        "limit",
        "largest absolute value",
        1.0,
        [f64::MIN_POSITIVE, f64::MAX],
    )],
    build: Build::Links(|numbers| vec![each_number::<ClipValue, 0, 1>(numbers)]),
    ..TRANSFORM
};

/// See [`PART`].
struct ClipValue;

impl Elementwise<0, 1> for ClipValue {
    const NAME: &'static str = PART.name;
    const MOMENTUM: Option<usize> = None;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [now.settings[0]]
    }

    fn update<T: Arithmetic>([limit]: [T; 1], _: T, gradient: T, _: [T; 0]) -> (T, [T; 0]) {
        (gradient.clamp(-limit, limit), [])
    }
}
