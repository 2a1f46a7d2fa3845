//! Groups that rest.

use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Part, Setting};

/// Multiplies the gradients of a group by a weight, 0 unless set: `--set color.freeze.weight=1`
/// freezes all but the colours, and a schedule thaws a group in the middle of a run.
pub const PART: Part = Part {
    name: "freeze",
    help: "weights the gradient of each group; all rest but those given a weight",
    source: "-",
    settings: &[Setting::amount("weight", "factor on the gradient", 0.0)],
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, _| {
            for (group, values) in updates.iter_mut() {
                let weight = numbers.get(group)[0];
                values.iter_mut().for_each(|value| *value *= weight);
            }
        })
    }),
    ..TRANSFORM
};
