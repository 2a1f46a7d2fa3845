//! What the learned lifecycle policy sees of every Gaussian.

use rayon::prelude::*;

use super::Scene;
use super::shape::Shape;
use crate::neighbours;

/// Bounds of a feature.
const LARGEST: f32 = 3.0;

/// Number of features.
pub(super) const FEATURES: usize = 8;

/// The features of every Gaussian, of about unit size: logarithms of the cost of its removal, of
/// its area, of its aspect, of the squared residual under it, of the distance to its neighbours, of
/// its colour, and of its colour's share of that residual; and the part of the fit that is over.
pub(super) fn of(scene: &Scene<'_>, costs: &[f32], progress: f32) -> Vec<[f32; FEATURES]> {
    let gaussians = scene.gaussians;
    let count = gaussians.len();
    let mean_cost = mean(costs.iter().copied());
    let spacing_px = (scene.residual.size().pixels() as f32 / count.max(1) as f32).sqrt();
    let mean_error = mean(scene.residual.data().iter().map(|v| v * v));
    let distances = neighbours::mean_distances::<3>(&gaussians.mean_px);
    let energies: Vec<f32> = (0..count)
        .map(|index| gaussians.color_of(index).iter().map(|v| v * v).sum::<f32>())
        .collect();
    let mean_energy = mean(energies.iter().copied());
    (0..count)
        .into_par_iter()
        .map(|index| {
            let shape = Shape::of(gaussians, index);
            let sigma = shape.area().sqrt();
            let [large, small] = gaussians.sigmas_px(index);
            let cost = costs.get(index).copied().unwrap_or(0.0);
            let error = error_under(scene, &shape);
            [
                logarithm(cost / mean_cost),
                logarithm(sigma / spacing_px),
                logarithm(large / small) - 0.5,
                logarithm(error / mean_error),
                logarithm(distances[index] / sigma),
                logarithm(energies[index] / mean_energy),
                logarithm(energies[index] / error) - 1.5,
                progress - 0.3,
            ]
        })
        .collect()
}

/// Half the natural logarithm, within bounds; what is no number counts as least.
pub(super) fn logarithm(value: f32) -> f32 {
    let half = 0.5 * value.ln();
    if half.is_nan() { -LARGEST } else { half.clamp(-LARGEST, LARGEST) }
}

/// Mean squared residual under a Gaussian, weighted by its value, of all channels together.
fn error_under(scene: &Scene<'_>, shape: &Shape) -> f32 {
    let residual = scene.residual;
    let (mut sum, mut weights) = (0.0, f32::MIN_POSITIVE);
    shape.for_each_pixel(residual.size(), |place, weight| {
        weights += weight;
        for channel in 0..residual.channels() {
            sum += weight * residual.plane(channel)[place].powi(2);
        }
    });
    sum / weights
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len().max(1);
    let sum: f64 = values.map(f64::from).sum();
    (sum / count as f64) as f32 + f32::MIN_POSITIVE
}
