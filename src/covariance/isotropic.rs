//! Circles: `L = s I`, coordinate `ln s`.

use super::chain::{self, Bounds};
use super::matrix::{determinant, narrow, widen};
use super::{Covariance, ScaleBounds};

/// One standard deviation for all directions, stepped in its logarithm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Isotropic;

/// Standard deviation of the circle of the same area.
fn sigma(factor_px: [f32; 4]) -> f64 {
    determinant(widen(factor_px)).abs().sqrt()
}

impl Covariance for Isotropic {
    fn name(&self) -> &'static str {
        "isotropic"
    }

    fn shape_len(&self) -> usize {
        1
    }

    fn learning_rates(&self) -> [f32; 2] {
        [0.5, 0.1]
    }

    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4] {
        let sigma = sigma(factor_px);
        narrow([sigma, 0.0, 0.0, sigma])
    }

    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]) {
        chain::pull_back(factor_px, moments, [widen(factor_px)])
    }

    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5] {
        chain::push_forward(factor_px, position, shape, [widen(factor_px)])
    }

    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]) {
        (offset_px, [sigma(factor_px).ln() as f32, 0.0, 0.0])
    }

    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]) {
        let [step, ..] = chain::finite(shape);
        let sigma = Bounds::from(bounds).scale(sigma(factor_px), step);
        chain::moved(mean_px, position, [sigma, 0.0, 0.0, sigma])
    }
}
