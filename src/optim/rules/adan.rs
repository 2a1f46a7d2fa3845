//! Adaptive Nesterov momentum.

use super::{DECAY, EPSILON, VALUES, unbias};
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part, Setting};
use crate::optim::transforms::weight_decay;

/// Adan (algorithm 1): moments of the gradient, of its change, and of the square of what both
/// foretell; decoupled weight decay. The decays are one minus those of the paper.
pub const PART: Part = Part {
    name: "adan",
    help: "moments of the gradient and of its change",
    source: "Xie et al. 2022, arXiv:2208.06677",
    settings: &[
        Setting::decay("beta1", "decay of the gradient's mean", 0.9),
        Setting::decay("beta2", "decay of the mean of its change", 0.8),
        Setting::decay("beta3", "decay of the mean square", 0.95),
        EPSILON,
        DECAY.with_default(0.0),
    ],
    needs: VALUES,
    build: Build::Links(|numbers| {
        vec![each_number::<Adan, 4, 8>(numbers), weight_decay::link(numbers, 4)]
    }),
    ..Part::EMPTY
};

/// See [`PART`].
struct Adan;

impl Elementwise<4, 8> for Adan {
    const NAME: &'static str = PART.name;

    /// Decays, what makes up for the start of their means, epsilon, and zero at the first update:
    /// there is no change of the gradient yet.
    fn constants(now: &Now<'_>) -> [f32; 8] {
        let [beta1, beta2, beta3, epsilon] = [0, 1, 2, 3].map(|index| now.settings[index]);
        let [unbias1, unbias2, unbias3] =
            [beta1, beta2, beta3].map(|beta| unbias(beta, now.update));
        let changes = if now.update == 1 { 0.0 } else { 1.0 };
        [beta1, beta2, beta3, unbias1, unbias2, unbias3, epsilon, changes]
    }

    fn update<T: Arithmetic>(
        [beta1, beta2, beta3, unbias1, unbias2, unbias3, epsilon, changes]: [T; 8],
        _value: T,
        gradient: T,
        [mean, change, square, before]: [T; 4],
    ) -> (T, [T; 4]) {
        let one = T::from(1.0);
        let difference = changes.if_zero(T::from(0.0), gradient - before);
        let mean = beta1 * mean + (one - beta1) * gradient;
        let change = beta2 * change + (one - beta2) * difference;
        let foretold = gradient + (one - beta2) * difference;
        let square = beta3 * square + (one - beta3) * foretold * foretold;
        let root = (square * unbias3).sqrt() + epsilon;
        let update = (mean * unbias1 + (one - beta2) * change * unbias2) / root;
        (update, [mean, change, square, gradient])
    }
}
