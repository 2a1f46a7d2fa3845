//! The loss: a weighted sum of L1, L2 and 1 - SSIM, its value and its gradient image.

use rayon::prelude::*;

use crate::error::Result;
use crate::image::Image;
use crate::metrics::{check_alike, round_to_8bit, ssim_and_gradient};

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

/// Values per partial sum; fixed, so that the result is the same on any number of threads.
const CHUNK: usize = 1 << 14;

impl Loss {
    /// Value of the terms and the gradient image, shape `[C, H, W]`.
    ///
    /// The gradient of `1 - SSIM` is exact and takes, like its value, a time proportional to the
    /// number of pixels. Pictures smaller than the window of 11 pixels shrink it to the largest
    /// odd size that fits. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if sizes or channels differ.
    pub fn evaluate(&self, picture: &Image, target: &Image) -> Result<(LossTerms, Image)> {
        check_alike(picture, target)?;
        let (mut terms, mut gradient) = (LossTerms::default(), None);
        if self.ssim != 0.0 {
            let (ssim, by_picture) = ssim_and_gradient(picture, target);
            terms.ssim = 1.0 - ssim;
            gradient = Some(by_picture);
        }
        // What is in the gradient so far is that of SSIM itself; the loss has its negative.
        let mut gradient =
            gradient.unwrap_or_else(|| Image::zeros(picture.size(), picture.channels()));
        let count = picture.data().len().max(1) as f64;
        let scale = (1.0 / count) as f32;
        let sums: Vec<[f64; 3]> = gradient
            .data_mut()
            .par_chunks_mut(CHUNK)
            .zip(picture.data().par_chunks(CHUNK))
            .zip(target.data().par_chunks(CHUNK))
            .map(|((gradient, picture), target)| {
                let mut sums = [0.0; 3];
                for ((g, &p), &t) in gradient.iter_mut().zip(picture).zip(target) {
                    let (l1, l2, derivative) = pointwise(self, p, t);
                    sums[0] += f64::from(l1);
                    sums[1] += f64::from(l2);
                    sums[2] += squared_difference_8bit(p, t);
                    *g = derivative * scale - self.ssim * *g;
                }
                sums
            })
            .collect();
        for [l1, l2, mse_8bit] in sums {
            terms.l1 += l1 / count;
            terms.l2 += l2 / count;
            terms.mse_8bit += mse_8bit / count;
        }
        Ok((terms, gradient))
    }
}

/// Squared difference of two values after both were rounded to 8 bits.
#[inline]
pub fn squared_difference_8bit(a: f32, b: f32) -> f64 {
    let d = f64::from(round_to_8bit(a) - round_to_8bit(b));
    d * d
}
