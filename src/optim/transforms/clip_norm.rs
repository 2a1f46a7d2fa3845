//! Clipping of the whole gradient by its norm.

use super::{TRANSFORM, stateless};
use crate::optim::Groups;
use crate::optim::part::{Build, Part, Setting};

/// Scales all groups by one factor so that the sum of absolute values over all is at most `limit`.
pub const L1: Part = Part {
    name: "clip-l1",
    help: "scales the whole gradient down to an L1 norm",
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, _| {
            let entries = updates.iter().flat_map(|(_, values)| values);
            let norm = entries.map(|value| f64::from(value.abs())).sum::<f64>();
            scale_down(updates, norm, numbers.position[0]);
        })
    }),
    ..L2
};

/// The same by the Euclidean norm.
pub const L2: Part = Part {
    name: "clip-l2",
    help: "scales the whole gradient down to an L2 norm",
    source: "Pascanu et al. 2013, arXiv:1211.5063",
    settings: &[Setting::new("limit", "largest norm", 1.0, [f64::MIN_POSITIVE, f64::MAX])],
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, _| {
            let norm = updates.norms().iter().map(|(_, norm)| norm * norm).sum::<f64>().sqrt();
            scale_down(updates, norm, numbers.position[0]);
        })
    }),
    ..TRANSFORM
};

fn scale_down(updates: &mut Groups, norm: f64, limit: f32) {
    if norm <= f64::from(limit) {
        return;
    }
    let factor = (f64::from(limit) / norm) as f32;
    for (_, values) in updates.iter_mut() {
        for value in values {
            *value *= factor;
        }
    }
}
