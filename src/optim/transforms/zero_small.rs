//! Small entries become zero.

use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Part, Setting};

/// Zeroes entries below a share of the group's root mean square.
pub const PART: Part = Part {
    name: "zero-small",
    help: "zeroes entries that are small beside the others of their group",
    source: "Aji and Heafield 2017, arXiv:1704.05021",
    settings: &[Setting::amount("threshold", "share of the root mean square", 0.01)],
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, _| {
            let norms = updates.norms();
            for (group, values) in updates.iter_mut() {
                let mean = *norms.get(group) / (values.len().max(1) as f64).sqrt();
                let threshold = numbers.get(group)[0] * mean as f32;
                for value in values {
                    if value.abs() < threshold {
                        *value = 0.0;
                    }
                }
            }
        })
    }),
    ..TRANSFORM
};
