//! What Gaussians cost that lie on one another.

use super::{PENALTY, Penalty};
use crate::gaussians::Gaussians;
use crate::neighbours;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{Clock, Groups};

/// `weight mean(exp(-d^2 / (2 (a_i + a_j))))` over all Gaussians `i`, with `j` the one whose
/// centre is nearest, `d` the distance, and `a = |det L|` as the square of a Gaussian's size.
pub const PART: Part = Part {
    name: "overlap",
    help: "what it costs to lie on the nearest other Gaussian",
    source: "inner product of Gaussians, Jebara et al. 2004",
    settings: &[Setting::amount("weight", "weight against the loss", 1e-5)],
    build: Build::Penalty(|numbers| Box::new(Overlap { numbers: numbers.clone() })),
    ..PENALTY
};

/// See [`PART`].
struct Overlap {
    numbers: Numbers,
}

/// A Gaussian and the one nearest to it.
struct Pair {
    rows: [usize; 2],
    /// From the second centre to the first.
    between: [f64; 2],
    areas: [f64; 2],
    overlap: f64,
}

fn pairs(gaussians: &Gaussians) -> impl Iterator<Item = Pair> {
    let nearest = neighbours::nearest(&gaussians.mean_px);
    let area = |row: usize| {
        let [a, b, c, d] = gaussians.factor_px[row].map(f64::from);
        (a * d - b * c).abs()
    };
    nearest.into_iter().enumerate().filter_map(move |(row, other)| {
        let rows = [row, other?];
        let [[x, y], [other_x, other_y]] = rows.map(|row| gaussians.mean_px[row].map(f64::from));
        let between = [x - other_x, y - other_y];
        let areas = rows.map(area);
        let square = between[0].powi(2) + between[1].powi(2);
        let overlap = (-0.5 * square / (areas[0] + areas[1])).exp();
        Some(Pair { rows, between, areas, overlap })
    })
}

impl Penalty for Overlap {
    fn value(&self, gaussians: &Gaussians, clock: &Clock<'_>) -> f64 {
        let sum: f64 = pairs(gaussians).map(|pair| pair.overlap).sum();
        self.numbers.get(0, clock) * sum / gaussians.len().max(1) as f64
    }

    fn add_gradient(&self, gaussians: &Gaussians, clock: &Clock<'_>, gradient: &mut Groups) {
        let weight = self.numbers.get(0, clock) / gaussians.len().max(1) as f64;
        for Pair { rows, between, areas, overlap } in pairs(gaussians) {
            let [x, y] = between;
            let (slope, size) = (weight * overlap, areas[0] + areas[1]);
            let of_area = slope * 0.5 * (x * x + y * y) / (size * size);
            for ((row, area), sign) in rows.into_iter().zip(areas).zip([-1.0, 1.0]) {
                let [a, b, c, d] = gaussians.factor_px[row].map(f64::from);
                let pull = [sign * slope * x / size, sign * slope * y / size];
                let position = &mut gradient.position[2 * row..2 * row + 2];
                position[0] += (a * pull[0] + c * pull[1]) as f32;
                position[1] += (b * pull[0] + d * pull[1]) as f32;
                // The area grows with the trace of the shape's step.
                gradient.shape[3 * row] += (of_area * area) as f32;
                gradient.shape[3 * row + 2] += (of_area * area) as f32;
            }
        }
    }
}
