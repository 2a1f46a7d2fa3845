//! Gaussians that are left out now and then.

use super::{WRAPPER, Wrapper};
use crate::normal;
use crate::optim::Clock;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Kind, Part, Setting};

/// In every iteration each Gaussian is left out with a probability: it is not drawn and does not
/// move. Towards the end all are there. Which ones is a function of seed, iteration and place.
pub const PART: Part = Part {
    name: "dropout",
    kind: Kind::Regularizer,
    help: "leaves out Gaussians at random, but for the end of the run",
    source: "Srivastava et al. 2014",
    settings: &[
        Setting::decay("probability", "that a Gaussian is left out", 0.02),
        Setting::new("until", "part of the run after which all are there", 0.7, [0.0, 1.0]),
        Setting::new("seed", "seed of the choice", 0.0, [0.0, 1e15]),
    ],
    build: Build::Wrapper(|numbers| Box::new(Dropout { numbers: numbers.clone() })),
    ..WRAPPER
};

/// See [`PART`].
struct Dropout {
    numbers: Numbers,
}

impl Wrapper for Dropout {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn hidden(&self, count: usize, clock: &Clock<'_>) -> Option<Vec<bool>> {
        let [probability, until, seed] = [0, 1, 2].map(|index| self.numbers.get(index, clock));
        if clock.progress() >= until {
            return None;
        }
        let seed = seed as u64 ^ (clock.iteration << 16);
        let hidden = (0..count as u64).map(|row| normal::uniform_at(seed, row) < probability);
        Some(hidden.collect())
    }
}
