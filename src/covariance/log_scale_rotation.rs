//! Axes and their angle, as 3D Gaussian Splatting has them: `L = R(theta) diag(s_1, s_2)`,
//! coordinates `ln s_1`, `ln s_2` and `theta` in radians, from x towards y.

use super::chain::{self, Bounds};
use super::matrix::{Matrix, SingularValues, determinant, multiply, narrow, rotation, widen};
use super::{Covariance, ScaleBounds};

/// Two standard deviations, stepped in their logarithms, and the angle of the first.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogScaleRotation;

/// Derivatives: each column scales with its logarithm; turning takes `(x, y)` to `(-y, x)`.
fn directions(factor_px: [f32; 4]) -> [Matrix; 3] {
    let [l00, l01, l10, l11] = widen(factor_px);
    [[l00, 0.0, l10, 0.0], [0.0, l01, 0.0, l11], [-l10, -l11, l00, l01]]
}

impl Covariance for LogScaleRotation {
    fn name(&self) -> &'static str {
        "log-scale-rotation"
    }

    fn shape_len(&self) -> usize {
        3
    }

    fn learning_rates(&self) -> [f32; 2] {
        [0.5, 0.1]
    }

    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4] {
        let factor @ [l00, l01, l10, l11] = widen(factor_px);
        let skew = (l00 * l01 + l10 * l11).abs();
        // Of a circle every angle is right: leave what has the form up to the rounding of f32.
        if determinant(factor) > 0.0 && skew <= 1e-6 * l00.hypot(l10) * l01.hypot(l11) {
            return factor_px;
        }
        let SingularValues { left, values: [s1, s2], .. } = SingularValues::of(factor);
        narrow(multiply(rotation(left), [s1, 0.0, 0.0, s2.abs()]))
    }

    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]) {
        chain::pull_back(factor_px, moments, directions(factor_px))
    }

    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5] {
        chain::push_forward(factor_px, position, shape, directions(factor_px))
    }

    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]) {
        let factor @ [l00, _, l10, _] = widen(factor_px);
        let s1 = l00.hypot(l10);
        let s2 = determinant(factor).abs() / s1;
        (offset_px, [s1.ln(), s2.ln(), f64::atan2(l10, l00)].map(|v| v as f32))
    }

    fn shader(&self) -> Option<&'static str> {
        Some(include_str!("../../shaders/covariance/log_scale_rotation.wgsl"))
    }

    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]) {
        let ([step_1, step_2, turn], bounds) = (chain::finite(shape), Bounds::from(bounds));
        let factor @ [l00, _, l10, _] = widen(factor_px);
        let s1 = l00.hypot(l10);
        let s2 = if s1 > 0.0 { determinant(factor).abs() / s1 } else { 0.0 };
        let scales = [bounds.scale(s1, step_1), 0.0, 0.0, bounds.scale(s2, step_2)];
        let angle = f64::atan2(l10, l00) + turn;
        chain::moved(mean_px, position, multiply(rotation(angle), scales))
    }
}
