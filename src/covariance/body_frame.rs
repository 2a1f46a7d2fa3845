//! The Gaussian's own frame: `mu += L u`, `L <- L exp(S)` with `S = [[p, q], [q, r]]`.
//!
//! Position is in standard deviations along the Gaussian's own axes and shape in relative
//! changes of scale, so that one step size suits every size, aspect and angle. With `S` zero the
//! derivative of `L exp(S)` is `L S`: gradients are the moments seen from the body frame.

use super::chain::{self, Bounds};
use super::matrix::{
    Matrix, apply, gram, inverse, map_eigenvalues, multiply, narrow, transpose, widen,
};
use super::{Covariance, ScaleBounds};

/// Steps relative to the Gaussian itself; shape coordinates `(p, q, r)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyFrame;

/// `exp([[p, q], [q, r]])`, each eigenvalue of the exponent cut at `limit` in size.
fn exponential(step: [f64; 3], limit: f64) -> Matrix {
    if step == [0.0; 3] {
        return [1.0, 0.0, 0.0, 1.0];
    }
    map_eigenvalues(step, |v| v.clamp(-limit, limit).exp())
}

impl Covariance for BodyFrame {
    fn name(&self) -> &'static str {
        "body-frame"
    }

    fn shape_len(&self) -> usize {
        3
    }

    fn learning_rates(&self) -> [f32; 2] {
        [0.4, 0.1]
    }

    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4] {
        factor_px
    }

    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]) {
        let inverse = inverse(widen(factor_px));
        let [x, y, xx, xy, yy] = moments.map(f64::from);
        let form = multiply(multiply(inverse, [xx, xy, xy, yy]), transpose(inverse));
        let shape = [form[0], form[1] + form[2], form[3]];
        (apply(inverse, [x, y]).map(|v| v as f32), shape.map(|v| v as f32))
    }

    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5] {
        let inverse = inverse(widen(factor_px));
        let [x, y] = apply(transpose(inverse), position.map(f64::from)).map(|v| v as f32);
        let [p, q, r] = shape.map(f64::from);
        let [xx, xy, yy] = chain::body_to_picture(inverse, [p, q, q, r]);
        [x, y, xx, xy, yy]
    }

    /// The logarithm of `L^T L`, halved: what a step of the shape is added to, about.
    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]) {
        let factor = widen(factor_px);
        let square = gram(transpose(factor));
        let log = map_eigenvalues([square[0], square[1], square[3]], |v| 0.5 * v.ln());
        let position = apply(inverse(factor), offset_px.map(f64::from));
        (position.map(|v| v as f32), [log[0], log[1], log[3]].map(|v| v as f32))
    }

    /// A factor inside the bounds is not touched; outside, only its singular values change, so
    /// that the frame, and with it an optimizer's memory of past steps, stays.
    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]) {
        let (factor, bounds) = (widen(factor_px), Bounds::from(bounds));
        let mean_px = chain::move_mean(mean_px, apply(factor, chain::finite(position)));
        // From one bound to the other: no step inside the bounds is longer.
        let limit = (bounds.max / bounds.min).ln();
        let factor = multiply(factor, exponential(chain::finite(shape), limit));
        (mean_px, narrow(bounds.clamp_factor(factor)))
    }

    fn shader(&self) -> Option<&'static str> {
        Some(include_str!("../../shaders/covariance/body_frame.wgsl"))
    }

    /// As everywhere, in the metric `|S|^2 = p^2 + 2 q^2 + r^2`, which knows no direction.
    fn project_gradient(
        &self,
        factor_px: [f32; 4],
        shape_gradient: [f32; 3],
        bounds: ScaleBounds,
    ) -> [f32; 3] {
        let weights = [1.0, 0.5, 1.0];
        chain::project_gradient(self, factor_px, shape_gradient, bounds, weights)
    }
}
