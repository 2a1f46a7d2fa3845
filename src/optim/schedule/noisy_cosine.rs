//! A cosine that trembles.

use super::{FROM, SCHEDULE, TO, half_cosine};
use crate::normal;
use crate::optim::part::{Build, Part, Setting};

/// `cosine (1 + deviation n_t)` with `n_t` standard normal, cut at two deviations and at zero. The
/// noise is a function of seed and iteration alone.
pub const PART: Part = Part {
    name: "noisy-cosine",
    help: "a cosine times noise",
    source: "learning-rate noise of timm (Wightman 2019)",
    settings: &[FROM, TO, DEVIATION, SEED],
    build: Build::Schedule(|numbers, clock| {
        let noise = normal::at(numbers[3].round() as u64, clock.iteration).clamp(-2.0, 2.0);
        let cosine = half_cosine(clock.progress(), numbers[0], numbers[1]);
        cosine * (1.0 + numbers[2] * noise).max(0.0)
    }),
    ..SCHEDULE
};

const DEVIATION: Setting =
    Setting::amount("deviation", "standard deviation of the noise, relative", 0.1);

const SEED: Setting = Setting::new("seed", "seed of the noise", 0.0, [0.0, 1e15]);
