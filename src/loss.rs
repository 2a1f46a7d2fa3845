//! The loss: a weighted sum of L1, L2 and 1 - SSIM, its value and its gradient image.

use crate::error::{Error, Result};
use crate::image::Image;

/// Weights of the terms of the loss. Each term is a mean over all pixels and channels.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Loss {
    /// Weight of the mean absolute difference.
    pub l1: f32,
    /// Weight of the mean squared difference.
    pub l2: f32,
    /// Weight of `1 - SSIM` (Wang et al. 2004, 11-tap Gaussian window, sigma 1.5).
    pub ssim: f32,
}

impl Default for Loss {
    /// Mean squared error.
    fn default() -> Self {
        Self { l1: 0.0, l2: 1.0, ssim: 0.0 }
    }
}

/// The value of a loss, term by term, unweighted.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LossTerms {
    /// Mean absolute difference.
    pub l1: f64,
    /// Mean squared difference.
    pub l2: f64,
    /// `1 - SSIM`; zero where the loss gives it no weight.
    pub ssim: f64,
    /// Mean squared difference of the 8-bit pictures, in units of 1/255 squared; PSNR is taken
    /// from it.
    pub mse_8bit: f64,
}

impl LossTerms {
    /// The weighted sum.
    pub fn total(&self, loss: &Loss) -> f64 {
        f64::from(loss.l1) * self.l1
            + f64::from(loss.l2) * self.l2
            + f64::from(loss.ssim) * self.ssim
    }
}

/// Value and derivative of the pointwise terms (L1 and L2) at one value, times the number of
/// values: `(|d|, d^2, weighted derivative)` with `d = picture - target`.
#[inline]
pub fn pointwise(loss: &Loss, picture: f32, target: f32) -> (f32, f32, f32) {
    let d = picture - target;
    let sign = if d > 0.0 {
        1.0
    } else if d < 0.0 {
        -1.0
    } else {
        0.0
    };
    (d.abs(), d * d, loss.l1 * sign + 2.0 * loss.l2 * d)
}

impl Loss {
    /// Value of the terms and the gradient image, shape `[C, H, W]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if sizes or channels differ.
    pub fn evaluate(&self, picture: &Image, target: &Image) -> Result<(LossTerms, Image)> {
        if picture.size() != target.size() || picture.channels() != target.channels() {
            return Err(Error::Invalid(format!(
                "a picture of {} with {} channels cannot be compared to one of {} with {}",
                picture.size(),
                picture.channels(),
                target.size(),
                target.channels()
            )));
        }
        let mut gradient = Image::zeros(picture.size(), picture.channels());
        let mut terms = LossTerms::default();
        let count = picture.data().len() as f64;
        let scale = (1.0 / count) as f32;
        for ((g, &p), &t) in gradient.data_mut().iter_mut().zip(picture.data()).zip(target.data()) {
            let (l1, l2, derivative) = pointwise(self, p, t);
            terms.l1 += f64::from(l1);
            terms.l2 += f64::from(l2);
            terms.mse_8bit += squared_difference_8bit(p, t);
            *g = derivative * scale;
        }
        terms.l1 /= count;
        terms.l2 /= count;
        terms.mse_8bit /= count;
        Ok((terms, gradient))
    }
}

/// Squared difference of two values after both were rounded to 8 bits.
#[inline]
pub fn squared_difference_8bit(a: f32, b: f32) -> f64 {
    let quantise = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round();
    let d = f64::from(quantise(a) - quantise(b));
    d * d
}
