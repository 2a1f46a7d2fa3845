//! What the parameterisations share: the chain rule through the factor, and the bounds.
//!
//! With `d` = pixel - mean and `A = Sigma^-1 = L^-T L^-1`, a change of mean and factor changes a
//! Gaussian `g = exp(-d^T A d / 2)` by `g (d^T A dmu + d^T T d)`, where
//! `T = L^-T sym(L^-1 dL) L^-1`.

use super::matrix::{
    Matrix, SingularValues, apply, inverse, multiply, narrow, rotation, singular_values, transpose,
    widen,
};
use super::{Covariance, MEAN_LIMIT_PX, ScaleBounds};

/// Gradient of the position in pixels.
pub(super) fn pull_back_position(factor_px: [f32; 4], moments: [f32; 5]) -> [f32; 2] {
    let inverse = inverse(widen(factor_px));
    let first = [f64::from(moments[0]), f64::from(moments[1])];
    apply(transpose(inverse), apply(inverse, first)).map(|v| v as f32)
}

/// Tangent `[x, y]` of a position in pixels.
pub(super) fn push_forward_position(factor_px: [f32; 4], position: [f32; 2]) -> [f32; 2] {
    let inverse = inverse(widen(factor_px));
    apply(transpose(inverse), apply(inverse, position.map(f64::from))).map(|v| v as f32)
}

/// Gradient `A M L^-T` of the factor's entries, with `M` the second moments.
fn pull_back_factor(factor_px: [f32; 4], moments: [f32; 5]) -> Matrix {
    let inverse = inverse(widen(factor_px));
    let [xx, xy, yy] = [moments[2], moments[3], moments[4]].map(f64::from);
    let body = multiply(multiply(inverse, [xx, xy, xy, yy]), transpose(inverse));
    multiply(transpose(inverse), body)
}

/// Gradients of position and shape for a position in pixels and shape coordinates of which the
/// factor's derivatives are `directions`.
pub(super) fn pull_back<const N: usize>(
    factor_px: [f32; 4],
    moments: [f32; 5],
    directions: [Matrix; N],
) -> ([f32; 2], [f32; 3]) {
    let gradient = pull_back_factor(factor_px, moments);
    let mut shape = [0.0; 3];
    for (out, direction) in shape.iter_mut().zip(directions) {
        *out = direction.iter().zip(gradient).map(|(a, b)| a * b).sum::<f64>() as f32;
    }
    (pull_back_position(factor_px, moments), shape)
}

/// Adjoint of [`pull_back`].
pub(super) fn push_forward<const N: usize>(
    factor_px: [f32; 4],
    position: [f32; 2],
    shape: [f32; 3],
    directions: [Matrix; N],
) -> [f32; 5] {
    let mut change = [0.0; 4];
    for (direction, step) in directions.iter().zip(shape) {
        for (sum, entry) in change.iter_mut().zip(direction) {
            *sum += entry * f64::from(step);
        }
    }
    let [x, y] = push_forward_position(factor_px, position);
    let [xx, xy, yy] = push_forward_factor(factor_px, change);
    [x, y, xx, xy, yy]
}

/// Tangent `[xx, xy, yy]` of a change of the factor.
fn push_forward_factor(factor_px: [f32; 4], change: Matrix) -> [f32; 3] {
    let inverse = inverse(widen(factor_px));
    body_to_picture(inverse, multiply(inverse, change))
}

/// `[xx, xy, yy]` of the quadratic form `inverse^T sym(body) inverse`.
pub(super) fn body_to_picture(inverse: Matrix, body: Matrix) -> [f32; 3] {
    let off = 0.5 * (body[1] + body[2]);
    let form = multiply(multiply(transpose(inverse), [body[0], off, off, body[3]]), inverse);
    [form[0], form[1] + form[2], form[3]].map(|v| v as f32)
}

/// The mean after a step in pixels.
pub(super) fn move_mean(mean_px: [f32; 2], step_px: [f64; 2]) -> [f32; 2] {
    let limit = f64::from(MEAN_LIMIT_PX);
    std::array::from_fn(|axis| {
        (f64::from(mean_px[axis]) + step_px[axis]).clamp(-limit, limit) as f32
    })
}

/// A step's numbers; those that are not finite count as zero.
pub(super) fn finite<const N: usize>(step: [f32; N]) -> [f64; N] {
    step.map(|v| if v.is_finite() { f64::from(v) } else { 0.0 })
}

/// The bounds in float64, made safe: neither zero nor crossed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) min: f64,
    pub(super) max: f64,
}

impl From<ScaleBounds> for Bounds {
    fn from(bounds: ScaleBounds) -> Self {
        let min = f64::from(bounds.min_px).max(1e-4);
        Self { min, max: f64::from(bounds.max_px).max(min) }
    }
}

impl Bounds {
    pub(super) fn clamp(self, sigma: f64) -> f64 {
        sigma.clamp(self.min, self.max)
    }

    /// `sigma exp(step)` inside the bounds, without overflow on the way.
    pub(super) fn scale(self, sigma: f64, step: f64) -> f64 {
        if step == 0.0 {
            return self.clamp(sigma);
        }
        (sigma.ln() + step).clamp(self.min.ln(), self.max.ln()).exp()
    }

    /// The factor with its standard deviations inside the bounds; untouched if they are.
    pub(super) fn clamp_factor(self, factor: Matrix) -> Matrix {
        let [largest, smallest] = singular_values(factor);
        if smallest.abs() >= self.min && largest <= self.max {
            return factor;
        }
        let mut split = SingularValues::of(factor);
        split.values = [self.clamp(largest), self.clamp(smallest.abs()).copysign(smallest)];
        split.matrix()
    }
}

/// [`Covariance::project_gradient`] with the metric `sum_k step_k^2 / weights_k`.
pub(super) fn project_gradient<C: Covariance + ?Sized>(
    covariance: &C,
    factor_px: [f32; 4],
    gradient: [f32; 3],
    bounds: ScaleBounds,
    weights: [f64; 3],
) -> [f32; 3] {
    // Clamped factors lie on the bound only up to the rounding of f32.
    const SLACK: f64 = 1e-3;
    let bounds = Bounds::from(bounds);
    let is_at_min = |sigma: f64| sigma <= bounds.min * (1.0 + SLACK);
    let is_at_max = |sigma: f64| sigma >= bounds.max * (1.0 - SLACK);
    let factor = widen(factor_px);
    let [largest, smallest] = singular_values(factor);
    if !is_at_min(smallest.abs()) && !is_at_max(largest) {
        return gradient;
    }
    let split = SingularValues::of(factor);
    let axes = rotation(split.left);
    let mut gradient = gradient.map(f64::from);
    for (axis, sigma) in split.values.map(f64::abs).into_iter().enumerate() {
        let (at_min, at_max) = (is_at_min(sigma), is_at_max(sigma));
        if !at_min && !at_max {
            continue;
        }
        // The derivative of ln sigma is the gradient that its own axis as moments would give.
        let [x, y] = [axes[axis] * sigma, axes[2 + axis] * sigma];
        let moments = [0.0, 0.0, x * x, x * y, y * y].map(|v| v as f32);
        let normal = covariance.pull_back(factor_px, moments).1.map(f64::from);
        let dot = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| weights[k] * a[k] * b[k]).sum::<f64>();
        let along = dot(gradient, normal) / dot(normal, normal).max(f64::MIN_POSITIVE);
        if (along > 0.0 && at_min) || (along < 0.0 && at_max) {
            for (value, n) in gradient.iter_mut().zip(normal) {
                *value -= along * n;
            }
        }
    }
    gradient.map(|v| v as f32)
}

/// Moves the mean by `position` pixels and takes `factor` as it is.
pub(super) fn moved(mean_px: [f32; 2], position: [f32; 2], factor: Matrix) -> ([f32; 2], [f32; 4]) {
    (move_mean(mean_px, finite(position)), narrow(factor))
}
