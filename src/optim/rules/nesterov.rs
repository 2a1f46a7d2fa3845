//! Momentum that looks ahead.

use super::{PROPORTIONAL, momentum};
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part};

/// As momentum, with the gradient once more: `m <- beta m + g`, along `beta m + g`.
pub const PART: Part = Part {
    name: "nesterov",
    help: "momentum that looks one step ahead",
    source: "Nesterov 1983; Sutskever et al. 2013",
    settings: &[momentum::BETA],
    rate: 0.02,
    needs: PROPORTIONAL,
    build: Build::Links(|numbers| vec![each_number::<Nesterov, 1, 1>(numbers)]),
    ..Part::EMPTY
};

/// See [`PART`].
struct Nesterov;

impl Elementwise<1, 1> for Nesterov {
    const NAME: &'static str = PART.name;

    fn constants(now: &Now<'_>) -> [f32; 1] {
        [now.settings[0]]
    }

    fn update<T: Arithmetic>([beta]: [T; 1], _value: T, gradient: T, [sum]: [T; 1]) -> (T, [T; 1]) {
        let sum = beta * sum + gradient;
        (beta * sum + gradient, [sum])
    }
}
