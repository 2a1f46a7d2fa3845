//! Noise on the gradient.

use super::{TRANSFORM, stateless};
use crate::normal;
use crate::optim::part::{Build, Part, Setting};

/// Adds normal noise whose variance falls as `1 / (1 + t)^decay`. Its deviation is relative to the
/// group's root mean square; it is a function of seed, iteration and place alone.
pub const PART: Part = Part {
    name: "noise",
    help: "adds noise that fades",
    source: "Neelakantan et al. 2015, arXiv:1511.06807",
    settings: &[
        Setting::amount("deviation", "first standard deviation, relative", 0.1),
        Setting::amount("decay", "exponent of the variance's decay", 0.55),
        Setting::new("seed", "seed of the noise", 0.0, [0.0, 1e15]),
    ],
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, step| {
            let norms = updates.norms();
            let time = step.clock.iteration;
            for (index, (group, values)) in updates.iter_mut().enumerate() {
                let [deviation, decay, seed] = [0, 1, 2].map(|i| f64::from(numbers.get(group)[i]));
                let mean = norms.get(group) / (values.len().max(1) as f64).sqrt();
                let size = deviation * mean * (1.0 + time as f64).powf(-0.5 * decay);
                let seed = (seed as u64) ^ (time << 8) ^ index as u64;
                for (place, value) in values.iter_mut().enumerate() {
                    *value += (size * normal::at(seed, place as u64)) as f32;
                }
            }
        })
    }),
    ..TRANSFORM
};
