//! Adaptive Nesterov momentum.

use super::{DECAY, EPSILON, VALUES, unbias};
use crate::optim::elementwise::{Elementwise, each_number};
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
        vec![each_number::<Adan, 4>(numbers), weight_decay::link(numbers, 4)]
    }),
    ..Part::EMPTY
};

/// See [`PART`].
struct Adan;

#[derive(Clone, Copy)]
struct Constants {
    betas: [f32; 3],
    unbias: [f32; 3],
    epsilon: f32,
    /// There is no change of the gradient at the first update.
    first: bool,
}

impl Elementwise<4> for Adan {
    const NAME: &'static str = PART.name;
    type Constants = Constants;

    fn constants(settings: &[f32], update: u64) -> Constants {
        let betas = [settings[0], settings[1], settings[2]];
        Constants {
            betas,
            unbias: betas.map(|beta| unbias(beta, update)),
            epsilon: settings[3],
            first: update == 1,
        }
    }

    fn update(
        constants: &Constants,
        _value: f32,
        gradient: f32,
        [mean, change, square, before]: [f32; 4],
    ) -> (f32, [f32; 4]) {
        let [beta1, beta2, beta3] = constants.betas;
        let [unbias1, unbias2, unbias3] = constants.unbias;
        let difference = if constants.first { 0.0 } else { gradient - before };
        let mean = beta1 * mean + (1.0 - beta1) * gradient;
        let change = beta2 * change + (1.0 - beta2) * difference;
        let foretold = gradient + (1.0 - beta2) * difference;
        let square = beta3 * square + (1.0 - beta3) * foretold * foretold;
        let root = (square * unbias3).sqrt() + constants.epsilon;
        let update = (mean * unbias1 + (1.0 - beta2) * change * unbias2) / root;
        (update, [mean, change, square, gradient])
    }
}
