//! Figures of a picture against another, both as 8 bits a channel.

use lgi::Result;
use lgi::image::Image;
use lgi::loss::squared_difference_8bit;
use lgi::metrics;

/// The figures, and the pictures that they are of.
pub struct Measured {
    /// Mean squared difference in units of 1/255 squared.
    pub mse_8bit: f64,
    /// PSNR in dB; infinite where the pictures are the same.
    pub psnr_db: f64,
    /// SSIM.
    pub ssim: Option<f64>,
    a: Image,
    b: Image,
}

impl Measured {
    /// Measures two pictures of one size.
    ///
    /// # Errors
    /// [`lgi::Error::Invalid`] if they are not of one size.
    pub fn of(a: &Image, b: &Image) -> Result<Self> {
        let channels = a.channels().max(b.channels());
        let (a, b) = (as_8bit(a, channels)?, as_8bit(b, channels)?);
        let pairs = a.data().iter().zip(b.data());
        let sum: f64 = pairs.map(|(a, b)| squared_difference_8bit(*a, *b)).sum();
        let mse_8bit = sum / a.data().len() as f64;
        let ssim = metrics::ssim(&a, &b).ok();
        Ok(Self { mse_8bit, psnr_db: metrics::psnr_db(mse_8bit), ssim, a, b })
    }

    /// MS-SSIM, where the pictures are large enough for it.
    pub fn ms_ssim(&self) -> Option<f64> {
        metrics::ms_ssim(&self.a, &self.b).ok()
    }
}

/// The picture after rounding to 8 bits, gray or opaque ones with the channels of the other.
fn as_8bit(image: &Image, channels: usize) -> Result<Image> {
    let rounded = Image::from_8bit(image.size(), image.channels(), &image.to_8bit())?;
    let mut out = Image::zeros(image.size(), channels);
    for channel in 0..channels {
        match (image.channels(), channel) {
            (1 | 3, 3) => out.plane_mut(channel).fill(1.0),
            (1, _) => out.plane_mut(channel).copy_from_slice(rounded.plane(0)),
            _ => out.plane_mut(channel).copy_from_slice(rounded.plane(channel)),
        }
    }
    Ok(out)
}
