//! The lower triangular factor itself, as GaussianImage (ECCV 2024) fits it: coordinates `l00`,
//! `l10` and `l11` in pixels.

use super::chain::{self, Bounds};
use super::matrix::{Matrix, lower_triangular, narrow, widen};
use super::{Covariance, ScaleBounds};

/// The entries of the Cholesky factor, stepped directly. The diagonal stays positive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cholesky;

const DIRECTIONS: [Matrix; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];

impl Covariance for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }

    fn shape_len(&self) -> usize {
        3
    }

    fn learning_rates(&self) -> [f32; 2] {
        [0.5, 0.25]
    }

    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4] {
        narrow(lower_triangular(widen(factor_px)))
    }

    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]) {
        chain::pull_back(factor_px, moments, DIRECTIONS)
    }

    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5] {
        chain::push_forward(factor_px, position, shape, DIRECTIONS)
    }

    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]) {
        let [l00, _, l10, l11] = factor_px;
        (offset_px, [l00, l10, l11])
    }

    fn shader(&self) -> Option<&'static str> {
        Some(include_str!("../../shaders/covariance/cholesky.wgsl"))
    }

    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]) {
        let ([d00, d10, d11], bounds) = (chain::finite(shape), Bounds::from(bounds));
        let [l00, _, l10, l11] = widen(factor_px);
        // Neither diagonal entry is below the smallest sigma; a step through zero would reflect.
        let factor = [(l00 + d00).max(bounds.min), 0.0, l10 + d10, (l11 + d11).max(bounds.min)];
        let clamped = bounds.clamp_factor(factor);
        let factor = if clamped == factor { factor } else { lower_triangular(clamped) };
        chain::moved(mean_px, position, factor)
    }
}
