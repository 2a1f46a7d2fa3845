//! Gradients from where the loss is worst nearby.

use super::{WRAPPER, Wrapper};
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{Clock, Groups};

/// Sharpness-aware minimisation: the gradient is taken at `radius g / |g|` from the parameters.
/// The norm is that of each group by itself over the root of its length, so that `radius` is the
/// usual move of a number, in the group's unit.
pub const PART: Part = Part {
    name: "sam",
    help: "takes the gradient where the loss is worst nearby; costs twice the passes",
    source: "Foret et al. 2021, arXiv:2010.01412",
    settings: &[Setting::amount("radius", "root mean square of the move", 0.005)],
    build: Build::Wrapper(|numbers| Box::new(SharpnessAware { numbers: numbers.clone() })),
    ..WRAPPER
};

/// See [`PART`].
struct SharpnessAware {
    numbers: Numbers,
}

impl Wrapper for SharpnessAware {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn probe(&self, gradient: &Groups, clock: &Clock<'_>) -> Option<Groups> {
        let (mut probe, norms, numbers) =
            (gradient.clone(), gradient.norms(), self.numbers.at(clock));
        for (group, values) in probe.iter_mut() {
            let norm = *norms.get(group);
            if norm == 0.0 {
                continue;
            }
            let length = (values.len() as f64).sqrt();
            let factor = (f64::from(numbers.get(group)[0]) * length / norm) as f32;
            values.iter_mut().for_each(|value| *value *= factor);
        }
        Some(probe)
    }
}
