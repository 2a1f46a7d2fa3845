//! Ellipses along the picture's axes: `L = diag(s_x, s_y)`, coordinates `ln s_x` and `ln s_y`.

use super::chain::{self, Bounds};
use super::matrix::{Matrix, determinant, gram, narrow, widen};
use super::{Covariance, ScaleBounds};

/// A standard deviation for x and one for y, stepped in their logarithms.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScaledDiagonal;

fn directions(factor_px: [f32; 4]) -> [Matrix; 2] {
    let [x, _, _, y] = widen(factor_px);
    [[x, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, y]]
}

impl Covariance for ScaledDiagonal {
    fn name(&self) -> &'static str {
        "scaled-diagonal"
    }

    fn shape_len(&self) -> usize {
        2
    }

    fn learning_rates(&self) -> [f32; 2] {
        [0.5, 0.1]
    }

    /// Keeps the ratio of the standard deviations of x and y, and the area.
    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4] {
        let factor = widen(factor_px);
        let covariance = gram(factor);
        let ratio = (covariance[0] / covariance[3]).sqrt();
        let area = determinant(factor).abs();
        narrow([(area * ratio).sqrt(), 0.0, 0.0, (area / ratio).sqrt()])
    }

    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]) {
        chain::pull_back(factor_px, moments, directions(factor_px))
    }

    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5] {
        chain::push_forward(factor_px, position, shape, directions(factor_px))
    }

    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]) {
        let [x, _, _, y] = widen(factor_px).map(|v| v.abs().ln() as f32);
        (offset_px, [x, y, 0.0])
    }

    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]) {
        let ([step_x, step_y, _], bounds) = (chain::finite(shape), Bounds::from(bounds));
        let [x, _, _, y] = widen(factor_px).map(f64::abs);
        let factor = [bounds.scale(x, step_x), 0.0, 0.0, bounds.scale(y, step_y)];
        chain::moved(mean_px, position, factor)
    }
}
