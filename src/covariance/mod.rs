//! Parameterisations of the covariance: how an optimizer's step moves a Gaussian.
//!
//! All of them work on the same state, mean and factor `L` with `Sigma = L L^T`; each gives its
//! own coordinates for position (2 numbers) and shape (1, 2 or 3 numbers), the gradient in them,
//! and the step along them. A new parameterisation is one file here and one line in [`ALL`].

use std::fmt::Debug;

/// Smallest and largest standard deviation along any axis, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScaleBounds {
    /// Smallest sigma. Below about a third of a pixel a Gaussian falls between the samples.
    pub min_px: f32,
    /// Largest sigma.
    pub max_px: f32,
}

/// Coordinates for the geometry of one Gaussian. Unused shape numbers are zero.
pub trait Covariance: Debug + Send + Sync {
    /// Name on the command line and in files.
    fn name(&self) -> &'static str;

    /// Number of shape coordinates: 1, 2 or 3.
    fn shape_len(&self) -> usize;

    /// The nearest factor that this parameterisation can hold, of the same area.
    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4];

    /// Chain rule: from the geometric moments `[x, y, xx, xy, yy]` (see
    /// [`crate::backend::Splats`]) to the gradient of `(position, shape)`.
    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]);

    /// Adjoint of [`Self::pull_back`]: from a tangent of `(position, shape)` to the geometric
    /// tangent `[x, y, xx, xy, yy]`.
    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5];

    /// Moves a Gaussian along `(position, shape)` and projects it into `bounds`.
    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]);
}
