//! Peak signal-to-noise ratio.

use super::mse_8bit;
use crate::error::Result;
use crate::image::Image;

/// PSNR of the 8-bit pictures in dB, `10 log10(255^2 / MSE)`; infinite where they are equal.
///
/// # Errors
/// [`crate::Error::Invalid`] if sizes or channels differ.
pub fn psnr_db(picture: &Image, target: &Image) -> Result<f64> {
    Ok(psnr_db_from_mse(mse_8bit(picture, target)?))
}

/// PSNR in dB of a mean squared error in units of 1/255 squared; infinite for none.
pub fn psnr_db_from_mse(mse_8bit: f64) -> f64 {
    10.0 * (255.0 * 255.0 / mse_8bit).log10()
}
