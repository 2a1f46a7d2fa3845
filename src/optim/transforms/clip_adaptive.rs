//! Clipping of each Gaussian's gradient in proportion to its parameters.

use super::{TRANSFORM, stateless};
use crate::optim::part::{Build, Needs, Part, Setting};

/// Adaptive gradient clipping: for each Gaussian and group, the norm of the gradient (of half the
/// sum of squares) is at most `limit` times the norm of the parameters, or of `floor` if that is
/// more.
pub const PART: Part = Part {
    name: "clip-adaptive",
    help: "bounds each Gaussian's gradient in proportion to its parameters",
    source: "Brock et al. 2021, arXiv:2102.06171",
    settings: &[
        Setting::new("limit", "gradient over parameters", 1.0, [f64::MIN_POSITIVE, f64::MAX]),
        Setting::amount("floor", "least norm that parameters count with", 1e-3),
    ],
    needs: Needs { values: true, ..Needs::NONE },
    build: Build::Links(|numbers| {
        stateless::link(numbers, |updates, numbers, step| {
            let Some(values) = step.values else { return };
            let count = values.position.len() / 2;
            for (group, updates) in updates.iter_mut() {
                let width = (updates.len() / count.max(1)).max(1);
                let [limit, floor] = [numbers.get(group)[0], numbers.get(group)[1]];
                let rows = values.get(group).chunks_exact(width);
                for (update, row) in updates.chunks_exact_mut(width).zip(rows) {
                    let longest = limit * step.curvature * norm(row).max(floor);
                    let length = norm(update);
                    if length > longest {
                        update.iter_mut().for_each(|v| *v *= longest / length);
                    }
                }
            }
        })
    }),
    ..TRANSFORM
};

fn norm(row: &[f32]) -> f32 {
    row.iter().map(|v| v * v).sum::<f32>().sqrt()
}
