//! Steps of one size, by the sign of a momentum.

use super::{DECAY, VALUES};
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
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
        vec![each_number::<Lion, 1, 2>(numbers), weight_decay::link(numbers, 2)]
    }),
    ..Part::EMPTY
};

/// See [`PART`].
struct Lion;

impl Elementwise<1, 2> for Lion {
    const NAME: &'static str = PART.name;

    /// Share and decay.
    fn constants(now: &Now<'_>) -> [f32; 2] {
        [now.settings[0], now.settings[1]]
    }

    fn update<T: Arithmetic>(
        [share, decay]: [T; 2],
        _value: T,
        gradient: T,
        [momentum]: [T; 1],
    ) -> (T, [T; 1]) {
        let one = T::from(1.0);
        let mix = share * momentum + (one - share) * gradient;
        (mix.sign(), [decay * momentum + (one - decay) * gradient])
    }
}
