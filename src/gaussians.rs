//! The parameters: N anisotropic 2D Gaussians, structure of arrays.

use crate::error::{Error, Result};

/// Square of the support radius in units of standard deviations: a Gaussian contributes to a
/// pixel exactly if `q = d^T Sigma^-1 d <= SUPPORT_Q`, about 3.32 sigma.
///
/// The rule belongs to the model: encoder, decoder and every backend share it.
pub const SUPPORT_Q: f32 = 11.0;

/// N Gaussians `c_i exp(-q/2)`, `q = d^T Sigma_i^-1 d`, `Sigma_i = L_i L_i^T`.
///
/// Pixel centres lie at integer + 0.5, x to the right, y down, origin in the top-left corner.
/// The factor `L` is any invertible 2x2 matrix; parameterisations that need a triangular or
/// symmetric one keep it so (see [`crate::covariance`]).
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Gaussians {
    channels: usize,
    /// Centres in pixels, `[N]`.
    pub mean_px: Vec<[f32; 2]>,
    /// Factors `L` in pixels, row-major `[l00, l01, l10, l11]`, `[N]`.
    pub factor_px: Vec<[f32; 4]>,
    /// Signed colours, `[N, C]`, in the picture's encoded values.
    pub color: Vec<f32>,
}

impl Gaussians {
    /// No Gaussians, for pictures of `channels` channels.
    pub fn empty(channels: usize) -> Self {
        Self { channels, mean_px: Vec::new(), factor_px: Vec::new(), color: Vec::new() }
    }

    /// Gaussians from their three arrays.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the lengths do not agree, a value is not finite, or a factor is
    /// singular.
    pub fn new(
        channels: usize,
        mean_px: Vec<[f32; 2]>,
        factor_px: Vec<[f32; 4]>,
        color: Vec<f32>,
    ) -> Result<Self> {
        let gaussians = Self { channels, mean_px, factor_px, color };
        gaussians.check()?;
        Ok(gaussians)
    }

    /// Checks lengths, finiteness and that every factor can be inverted.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first Gaussian at fault.
    pub fn check(&self) -> Result<()> {
        let n = self.len();
        if self.factor_px.len() != n || self.color.len() != n * self.channels {
            return Err(Error::Invalid(format!(
                "{n} means, {} factors and {} colour values do not belong together",
                self.factor_px.len(),
                self.color.len()
            )));
        }
        for index in 0..n {
            let [a, b, c, d] = self.factor_px[index].map(f64::from);
            let finite = self.mean_px[index].iter().all(|v| v.is_finite())
                && self.color_of(index).iter().all(|v| v.is_finite());
            let determinant = a * d - b * c;
            if !finite || !determinant.is_finite() || determinant == 0.0 {
                return Err(Error::Invalid(format!(
                    "Gaussian {index} is not finite or has no area: mean {:?}, factor {:?}, \
                     colour {:?}",
                    self.mean_px[index],
                    self.factor_px[index],
                    self.color_of(index)
                )));
            }
        }
        Ok(())
    }

    /// Number of Gaussians, N.
    pub fn len(&self) -> usize {
        self.mean_px.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mean_px.is_empty()
    }

    /// Colour channels, C.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Colour of one Gaussian, `[C]`.
    pub fn color_of(&self, index: usize) -> &[f32] {
        &self.color[index * self.channels..(index + 1) * self.channels]
    }

    /// Colour of one Gaussian, `[C]`, to change.
    pub fn color_of_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.color[index * self.channels..(index + 1) * self.channels]
    }

    /// Appends one Gaussian; `color` has C values.
    pub fn push(&mut self, mean_px: [f32; 2], factor_px: [f32; 4], color: &[f32]) {
        debug_assert_eq!(color.len(), self.channels);
        self.mean_px.push(mean_px);
        self.factor_px.push(factor_px);
        self.color.extend_from_slice(color);
    }

    /// Drops those for which `keep`, `[N]`, is false.
    pub fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.mean_px, keep, 1);
        retain_rows(&mut self.factor_px, keep, 1);
        retain_rows(&mut self.color, keep, self.channels);
    }

    /// Standard deviations along the axes of one Gaussian in pixels, largest first.
    pub fn sigmas_px(&self, index: usize) -> [f32; 2] {
        singular_values(self.factor_px[index])
    }
}

/// Drops rows of `width` values for which `keep` is false.
pub(crate) fn retain_rows<T>(values: &mut Vec<T>, keep: &[bool], width: usize) {
    let mut index = 0;
    values.retain(|_| {
        let kept = keep[index / width.max(1)];
        index += 1;
        kept
    });
}

/// Singular values of a row-major 2x2 matrix, largest first.
pub fn singular_values(matrix: [f32; 4]) -> [f32; 2] {
    let [a, b, c, d] = matrix.map(f64::from);
    let sum = f64::hypot(a + d, b - c);
    let difference = f64::hypot(a - d, b + c);
    [(0.5 * (sum + difference)) as f32, (0.5 * (sum - difference).abs()) as f32]
}
