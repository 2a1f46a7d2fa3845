//! The entries of the conic: coordinates `a`, `b`, `c` in 1/px^2, with
//! `q = a dx^2 + 2 b dx dy + c dy^2`.

use super::chain::{self, Bounds};
use super::matrix::{
    SingularValues, determinant, gram, inverse, map_eigenvalues, narrow, symmetric, transpose,
    widen,
};
use super::{Covariance, ScaleBounds};

/// The inverse covariance, stepped directly.
///
/// A step may leave the cone of positive definite matrices; its eigenvalues are then projected
/// back. The factor is kept symmetric.
#[derive(Clone, Copy, Debug, Default)]
pub struct InverseCovariance;

impl Covariance for InverseCovariance {
    fn name(&self) -> &'static str {
        "inverse-covariance"
    }

    fn shape_len(&self) -> usize {
        3
    }

    fn learning_rates(&self) -> [f32; 2] {
        [0.5, 0.002]
    }

    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4] {
        let factor @ [l00, l01, l10, _] = widen(factor_px);
        if l01 == l10 && l00 > 0.0 && determinant(factor) > 0.0 {
            return factor_px;
        }
        let split = SingularValues::of(factor);
        narrow(symmetric(split.left, split.values.map(f64::abs)))
    }

    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]) {
        let [_, _, xx, xy, yy] = moments;
        (chain::pull_back_position(factor_px, moments), [-0.5 * xx, -xy, -0.5 * yy])
    }

    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5] {
        let [x, y] = chain::push_forward_position(factor_px, position);
        let [a, b, c] = shape;
        [x, y, -0.5 * a, -b, -0.5 * c]
    }

    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]) {
        let conic = gram(transpose(inverse(widen(factor_px)))).map(|v| v as f32);
        (offset_px, [conic[0], conic[1], conic[3]])
    }

    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]) {
        let (step, bounds) = (chain::finite(shape), Bounds::from(bounds));
        let mut factor = bounds.clamp_factor(widen(factor_px));
        if step != [0.0; 3] {
            let conic = gram(transpose(inverse(factor)));
            let moved = [conic[0] + step[0], conic[1] + step[1], conic[3] + step[2]];
            let lowest = bounds.max.powi(-2);
            factor = map_eigenvalues(moved, |v| bounds.clamp(v.max(lowest).powf(-0.5)));
        }
        chain::moved(mean_px, position, factor)
    }
}
