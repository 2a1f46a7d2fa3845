//! Absolute values and squares of colours and sizes.

use super::{PENALTY, Penalty, gram};
use crate::gaussians::Gaussians;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{Clock, Groups};

/// `mean(l1 sum |v| + l2 / 2 sum v^2)`: `v` the values of a Gaussian's colour, and the root of the
/// sum of squares of its standard deviations in pixels as its size. The weights are those of the
/// colours; `shape.` in front sets those of the size.
pub const PART: Part = Part {
    name: "elastic-net",
    help: "absolute values and squares of colours, and of sizes where weighted",
    source: "Zou and Hastie 2005",
    settings: &[
        Setting::of_colors("l1", "weight of absolute values", 1e-4),
        Setting::of_colors("l2", "weight of squares", 1e-4),
    ],
    build: Build::Penalty(|numbers| Box::new(ElasticNet { numbers: numbers.clone() })),
    ..PENALTY
};

/// Absolute values alone.
pub const L1: Part = Part {
    name: "l1",
    help: "absolute values of colours, and of sizes where weighted",
    source: "Tibshirani 1996",
    settings: &[PART.settings[0], PART.settings[1].with_default(0.0)],
    ..PART
};

/// Squares alone.
pub const L2: Part = Part {
    name: "l2",
    help: "squares of colours, and of sizes where weighted",
    source: "Hoerl and Kennard 1970",
    settings: &[PART.settings[0].with_default(0.0), PART.settings[1]],
    ..PART
};

/// See [`PART`].
struct ElasticNet {
    numbers: Numbers,
}

impl Penalty for ElasticNet {
    fn value(&self, gaussians: &Gaussians, clock: &Clock<'_>) -> f64 {
        let numbers = self.numbers.at(clock);
        let term = |weights: &[f32], value: f64| {
            f64::from(weights[0]) * value.abs() + 0.5 * f64::from(weights[1]) * value * value
        };
        let colors = gaussians.color.iter().map(|value| term(&numbers.color, f64::from(*value)));
        let sizes = gaussians.factor_px.iter().map(|factor| term(&numbers.shape, size(*factor)));
        (colors.sum::<f64>() + sizes.sum::<f64>()) / gaussians.len().max(1) as f64
    }

    fn add_gradient(&self, gaussians: &Gaussians, clock: &Clock<'_>, gradient: &mut Groups) {
        let numbers = self.numbers.at(clock);
        let count = gaussians.len().max(1) as f64;
        let slope = |weights: &[f32], value: f64| {
            let sign = if value == 0.0 { 0.0 } else { value.signum() };
            (f64::from(weights[0]) * sign + f64::from(weights[1]) * value) / count
        };
        for (gradient, value) in gradient.color.iter_mut().zip(&gaussians.color) {
            *gradient += slope(&numbers.color, f64::from(*value)) as f32;
        }
        if numbers.shape[..2] == [0.0; 2] {
            return;
        }
        for (gradient, factor) in gradient.shape.chunks_exact_mut(3).zip(&gaussians.factor_px) {
            let size = size(*factor);
            let [xx, xy, yy] = gram(*factor).map(|v| v * slope(&numbers.shape, size) / size);
            for (gradient, part) in gradient.iter_mut().zip([xx, 2.0 * xy, yy]) {
                *gradient += part as f32;
            }
        }
    }
}

fn size(factor: [f32; 4]) -> f64 {
    factor.map(|v| f64::from(v).powi(2)).iter().sum::<f64>().sqrt()
}
