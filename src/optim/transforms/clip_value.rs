//! Clipping of each entry.

use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Part, Setting};

/// Bounds every entry to `-limit..=limit`.
pub const PART: Part = Part {
    name: "clip-value",
    help: "bounds every entry of the gradient",
    source: "Mikolov 2012",
    settings: &[Setting::new(
        "limit",
        "largest absolute value",
        1.0,
        [f64::MIN_POSITIVE, f64::MAX],
    )],
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, _| {
            for (group, values) in updates.iter_mut() {
                let limit = numbers.get(group)[0];
                for value in values {
                    *value = value.clamp(-limit, limit);
                }
            }
        })
    }),
    ..TRANSFORM
};
