//! How close two pictures are, measured as an independent scorer would: on the 8-bit pictures.
//!
//! Values are clamped to `0..=1` and rounded to 8 bits first, so that the figures are those of
//! the files that a decoder writes. All channels count alike, alpha included.

mod ms_ssim;
mod mse;
mod psnr;
mod ssim;
mod widest;
mod window;

pub use ms_ssim::ms_ssim;
pub use mse::mse_8bit;
pub use psnr::{psnr_db, psnr_db_from_mse};
pub use ssim::ssim;
pub(crate) use ssim::ssim_and_gradient;

use crate::error::{Error, Result};
use crate::image::{Image, Size};

/// Bits of a file for each pixel of a picture.
pub fn bits_per_pixel(bytes: u64, size: Size) -> f64 {
    bytes as f64 * 8.0 / size.pixels() as f64
}

/// A value clamped to `0..=1` and rounded to one of 256 steps, 0 to 255.
#[inline]
pub(crate) fn round_to_8bit(value: f32) -> f32 {
    // By way of an integer: `round` is a call where the target has no instruction for it.
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as i32 as f32
}

/// A picture as 8 bits hold it, values `0..=1`.
fn rounded(picture: &Image) -> Image {
    let mut rounded = picture.clone();
    for value in rounded.data_mut() {
        *value = round_to_8bit(*value) / 255.0;
    }
    rounded
}

/// Checks that two pictures can be compared.
pub(crate) fn check_alike(picture: &Image, target: &Image) -> Result<()> {
    if picture.size() != target.size() || picture.channels() != target.channels() {
        return Err(Error::Invalid(format!(
            "a picture of {} with {} channels cannot be compared to one of {} with {}",
            picture.size(),
            picture.channels(),
            target.size(),
            target.channels()
        )));
    }
    Ok(())
}
