//! Figures of one picture against another, both as 8 bits a channel.

use lgi::image::Image;
use lgi::{Result, metrics};

/// The figures.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Mean squared difference in units of 1/255 squared.
    pub mse_8bit: f64,
    /// PSNR in dB; infinite where the pictures are the same.
    pub psnr_db: f64,
    /// SSIM.
    pub ssim: f64,
}

impl Measured {
    /// Measures `picture` against `target`.
    ///
    /// # Errors
    /// [`lgi::Error::Invalid`] if they differ in size or channels.
    pub fn of(picture: &Image, target: &Image) -> Result<Self> {
        let mse_8bit = metrics::mse_8bit(picture, target)?;
        Ok(Self {
            mse_8bit,
            psnr_db: metrics::psnr_db_from_mse(mse_8bit),
            ssim: metrics::ssim(picture, target)?,
        })
    }
}
