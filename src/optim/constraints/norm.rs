//! Colours of bounded length.

use super::{CONSTRAINT, Constraint};
use crate::gaussians::Gaussians;
use crate::optim::Clock;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};

/// Keeps the Euclidean norm of every Gaussian's colour within `limit`.
pub const PART: Part = Part {
    name: "max-norm",
    help: "bounds the norm of every Gaussian's colour",
    source: "Srebro and Shraibman 2005",
    settings: &[Setting::amount("limit", "largest norm", 2.0)],
    build: Build::Constraint(|numbers| Box::new(MaxNorm { numbers: numbers.clone() })),
    ..CONSTRAINT
};

/// See [`PART`].
struct MaxNorm {
    numbers: Numbers,
}

impl Constraint for MaxNorm {
    fn project(&self, gaussians: &mut Gaussians, clock: &Clock<'_>) {
        let limit = self.numbers.get(0, clock) as f32;
        let channels = gaussians.channels().max(1);
        for color in gaussians.color.chunks_exact_mut(channels) {
            let norm = color.iter().map(|v| v * v).sum::<f32>().sqrt();
            if norm > limit {
                color.iter_mut().for_each(|v| *v *= limit / norm);
            }
        }
    }
}
