//! Steps of one size, by the sign of a momentum.

use super::{DECAY, VALUES};
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part, Setting};
use crate::optim::transforms::weight_decay;

/// Lion (program 1): the sign of a mix of gradient and momentum; decoupled weight decay.
pub const PART: Part = Part {
    name: "lion",
    help: "the sign of a mix of gradient and momentum",
    source: "Chen et al. 2023, arXiv:2302.06675",
    settings: &[
        Setting::decay("beta1", "share of the momentum in the step", 0.9),
        Setting::decay("beta2", "decay of the momentum", 0.95),
        DECAY.with_default(0.0),
    ],
    rate: 0.3,
    needs: VALUES,
    build: Build::Links(|numbers| {
        vec![each_number::<Lion, 1>(numbers), weight_decay::link(numbers, 2)]
    }),
    ..Part::EMPTY
};

/// See [`PART`].
struct Lion;

impl Elementwise<1> for Lion {
    const NAME: &'static str = PART.name;
    /// Share and decay.
    type Constants = [f32; 2];

    fn constants(settings: &[f32], _update: u64) -> [f32; 2] {
        [settings[0], settings[1]]
    }

    fn update(
        [share, decay]: &[f32; 2],
        _value: f32,
        gradient: f32,
        [momentum]: [f32; 1],
    ) -> (f32, [f32; 1]) {
        let mix = share * momentum + (1.0 - share) * gradient;
        let sign = if mix == 0.0 { 0.0 } else { mix.signum() };
        (sign, [decay * momentum + (1.0 - decay) * gradient])
    }
}
