//! Parameterisations of the covariance: how an optimizer's step moves a Gaussian.
//!
//! All of them work on the same state, mean and factor `L` with `Sigma = L L^T`; each gives its
//! own coordinates for position (2 numbers) and shape (1, 2 or 3 numbers), the gradient in them,
//! and the step along them. A new parameterisation is one file here and one line in [`ALL`].
//!
//! | name | factor | shape coordinates |
//! |---|---|---|
//! | `isotropic` | `s I` | `ln s` |
//! | `scaled-diagonal` | `diag(s_x, s_y)` | `ln s_x`, `ln s_y` |
//! | `inverse-covariance` | symmetric | entries `a, b, c` of `Sigma^-1` |
//! | `cholesky` | lower triangular | `l00`, `l10`, `l11` |
//! | `log-scale-rotation` | `R(theta) diag(s_1, s_2)` | `ln s_1`, `ln s_2`, `theta` |
//! | `body-frame` | any | `p, q, r` of a step `L <- L exp([[p, q], [q, r]])` |
//!
//! Position coordinates are pixels, but in the body frame, where they are the Gaussian's own
//! axes in units of its standard deviations.

mod body_frame;
mod chain;
mod cholesky;
mod inverse_covariance;
mod isotropic;
mod log_scale_rotation;
mod matrix;
mod scaled_diagonal;

use std::fmt::Debug;

pub use body_frame::BodyFrame;
pub use cholesky::Cholesky;
pub use inverse_covariance::InverseCovariance;
pub use isotropic::Isotropic;
pub use log_scale_rotation::LogScaleRotation;
pub use scaled_diagonal::ScaledDiagonal;

use crate::error::{Error, Result};

/// Every parameterisation.
pub const ALL: &[&dyn Covariance] =
    &[&Isotropic, &ScaledDiagonal, &InverseCovariance, &Cholesky, &LogScaleRotation, &BodyFrame];

/// The parameterisation that fits best where nothing else is asked for.
pub const DEFAULT: &dyn Covariance = &BodyFrame;

/// Centres stay within this distance of the origin along each axis, in pixels: beyond it `f32`
/// cannot tell pixels apart, and squared distances must not overflow.
pub const MEAN_LIMIT_PX: f32 = 16_777_216.0;

/// Smallest and largest standard deviation along any axis, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScaleBounds {
    /// Smallest sigma. Below about a third of a pixel a Gaussian falls between the samples.
    pub min_px: f32,
    /// Largest sigma.
    pub max_px: f32,
}

/// Coordinates for the geometry of one Gaussian. Unused shape numbers are zero.
///
/// All methods but [`Self::conform`] expect a factor of the parameterisation's own form, as
/// [`Self::conform`] and [`Self::retract`] give it.
pub trait Covariance: Debug + Send + Sync {
    /// Name on the command line and in files.
    fn name(&self) -> &'static str;

    /// Number of shape coordinates: 1, 2 or 3.
    fn shape_len(&self) -> usize;

    /// Learning rates of position and shape that suit the units, for rules that step by about
    /// the rate, as Adam does.
    fn learning_rates(&self) -> [f32; 2];

    /// The nearest factor that this parameterisation can hold, of the same area.
    fn conform(&self, factor_px: [f32; 4]) -> [f32; 4];

    /// Chain rule: from the geometric moments `[x, y, xx, xy, yy]` (see
    /// [`crate::backend::Splats`]) to the gradient of `(position, shape)`.
    fn pull_back(&self, factor_px: [f32; 4], moments: [f32; 5]) -> ([f32; 2], [f32; 3]);

    /// Adjoint of [`Self::pull_back`]: from a tangent of `(position, shape)` to the geometric
    /// tangent `[x, y, xx, xy, yy]`.
    fn push_forward(&self, factor_px: [f32; 4], position: [f32; 2], shape: [f32; 3]) -> [f32; 5];

    /// Position and shape as numbers in the units of the coordinates, for rules that look at the
    /// size of parameters. Zero is a circle of one pixel (of the inverse covariance and the
    /// Cholesky factor: the matrix that is zero) at no distance `offset_px` from where positions
    /// are counted from.
    fn coordinates(&self, factor_px: [f32; 4], offset_px: [f32; 2]) -> ([f32; 2], [f32; 3]);

    /// Moves a Gaussian along `(position, shape)` and projects it into `bounds`.
    ///
    /// The result is finite whatever the step: numbers that are not finite count as zero, and
    /// centres stay within [`MEAN_LIMIT_PX`].
    fn retract(
        &self,
        mean_px: [f32; 2],
        factor_px: [f32; 4],
        position: [f32; 2],
        shape: [f32; 3],
        bounds: ScaleBounds,
    ) -> ([f32; 2], [f32; 4]);

    /// [`Self::pull_back`], [`Self::retract`] and [`Self::coordinates`] as WGSL, in float32, for
    /// fits that stay on a device; `None` if nobody wrote them down. `shaders/covariance/chain.wgsl`
    /// stands before them.
    fn shader(&self) -> Option<&'static str> {
        None
    }

    /// Removes from a shape gradient what [`Self::retract`] would undo: where a standard
    /// deviation lies on one of its `bounds` and descent would push it over, the part along its
    /// derivative goes. Line searches stall without it.
    fn project_gradient(
        &self,
        factor_px: [f32; 4],
        shape_gradient: [f32; 3],
        bounds: ScaleBounds,
    ) -> [f32; 3] {
        chain::project_gradient(self, factor_px, shape_gradient, bounds, [1.0; 3])
    }
}

/// The parameterisation called `name`.
///
/// # Errors
/// [`Error::Invalid`] listing the names if there is none.
pub fn by_name(name: &str) -> Result<&'static dyn Covariance> {
    ALL.iter().copied().find(|covariance| covariance.name() == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|covariance| covariance.name()).collect();
        Error::Invalid(format!(
            "there is no covariance parameterisation \"{name}\"; there are {}",
            names.join(", ")
        ))
    })
}
