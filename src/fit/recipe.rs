//! The whole method that measurement says is best for a number of iterations.

use super::FitOptions;
use crate::blend::Blend;
use crate::covariance::{self, Covariance};
use crate::density::{DensityOptions, Policy};
use crate::image::Size;

/// Sets blend, update rule and density control for the number of iterations that `options` has.
///
/// L-BFGS from the Gauss-Newton blocks with growth and relocation, on the normalized blend; for
/// many Gaussians see [`blend`].
pub fn apply(options: &mut FitOptions) {
    let usual = FitOptions::default().optimizer;
    options.blend = Blend::NORMALIZED;
    options.covariance = covariance::BodyFrame.name().into();
    options.optimizer.learning_rate = usual.learning_rate;
    options.optimizer.rule = "lbfgs".into();
    let memory = match options.stop.iterations {
        0..200 => 8.0,
        200..500 => 16.0,
        _ => 32.0,
    };
    options.optimizer.settings = [("lbfgs.memory".into(), memory.into())].into();
    options.density = density(options.stop.iterations);
    options.coarse_iterations = coarse_iterations(options.stop.iterations);
    options.stop.patience = None;
}

/// Pixels for each Gaussian above which colours that are averaged draw the better picture.
const SPARSE_PX: usize = 28;

/// The blend that is best for so many Gaussians on so many pixels: averaged colours where each
/// Gaussian has an area to draw, sums where they stand closely.
pub fn blend(gaussians: usize, size: Size) -> Blend {
    if size.pixels() / gaussians.max(1) >= SPARSE_PX { Blend::NORMALIZED } else { Blend::Additive }
}

/// Iterations on half the size that suit a number of iterations: 0.27 dB at 30 iterations of which
/// they take a fifth, nothing at 100.
fn coarse_iterations(iterations: u64) -> u64 {
    if iterations < 80 { iterations * 4 / 5 } else { 0 }
}

/// Growth and relocation that suit a number of iterations.
///
/// Revisions come in proportion up to 250 iterations, and then no more slowly: fits of 3000 that
/// had one every 69 came out no better than fits of 1000.
pub fn density(iterations: u64) -> DensityOptions {
    let length = iterations as f64;
    let (every, relocate, grow_until, relocate_until) = match iterations {
        0..80 => (0.08 * length, 0.15, 0.5, 0.6),
        80..200 => (0.1 * length, 0.15, 0.4, 0.7),
        200..500 => ((0.08 * length).min(20.0), 0.2, 0.4, 0.8),
        500..1500 => (20.0, 0.1, 0.3, 0.9),
        _ => (12.0, 0.1, 0.3, 0.9),
    };
    DensityOptions {
        start: 0.3,
        every: (every.round() as u64).max(4),
        grow_until,
        relocate_until,
        relocate,
        eagerness: 3.0,
        split_trust: 0.0,
        policy: Policy::Rules,
        stages: None,
    }
}
