//! Gradients without their mean.

use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Needs, Part, Setting};

/// Gradient centralization: takes off the mean over all Gaussians, for every coordinate of a group
/// by itself. `share` takes off a part of it, or for some groups none.
pub const PART: Part = Part {
    name: "centralize",
    help: "takes off the mean over all Gaussians",
    source: "Yong et al. 2020, arXiv:2004.01461",
    settings: &[Setting::new("share", "share of the mean that is taken off", 1.0, [0.0, 1.0])],
    needs: Needs { values: true, ..Needs::NONE },
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, step| {
            let Some(values) = step.values else { return };
            let count = (values.position.len() / 2).max(1);
            for (group, updates) in updates.iter_mut() {
                let width = updates.len() / count;
                for column in 0..width {
                    let entries = updates.iter().skip(column).step_by(width);
                    let mean = entries.map(|v| f64::from(*v)).sum::<f64>() / count as f64;
                    let off = numbers.get(group)[0] * mean as f32;
                    updates.iter_mut().skip(column).step_by(width).for_each(|v| *v -= off);
                }
            }
        })
    }),
    ..TRANSFORM
};
