//! What a file holds, in memory.

use super::Header;
use crate::blend::Blend;
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Size;

/// Most bytes of metadata, as JSON.
pub const MAX_METADATA_BYTES: usize = 1 << 16;

/// Standard deviations in pixels that a file may hold; outside, `f32` arithmetic breaks down.
const SIGMA_PX: [f64; 2] = [1e-4, 1e7];
/// Largest coordinate of a centre in pixels.
const MAX_MEAN_PX: f64 = 1e7;
/// Largest colour component.
const MAX_COLOR: f64 = 1e6;

/// A picture as Gaussians, and all that is needed to draw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Width and height of the picture that was fitted, in pixels.
    pub size: Size,
    /// Bits a channel of that picture, 8 or 16: what to write when decoding.
    pub bit_depth: u8,
    /// How overlapping Gaussians make a pixel.
    pub blend: Blend,
    /// The Gaussians, in pixels of `size`.
    pub gaussians: Gaussians,
    /// Who made the file, and how: any JSON of at most [`MAX_METADATA_BYTES`].
    pub metadata: Option<serde_json::Value>,
}

impl Scene {
    /// The part of the scene that the header holds.
    pub fn header(&self) -> Header {
        Header {
            size: self.size,
            channels: self.gaussians.channels(),
            bit_depth: self.bit_depth,
            blend: self.blend,
        }
    }

    /// Checks everything but the metadata before it is written.
    pub(super) fn check(&self) -> Result<()> {
        let Size { width, height } = self.size;
        let fits = |side: usize| side > 0 && u32::try_from(side).is_ok();
        if !fits(width) || !fits(height) {
            return Err(Error::Invalid(format!("a picture of {} cannot be stored", self.size)));
        }
        if !matches!(self.bit_depth, 8 | 16) {
            return Err(Error::Invalid(format!(
                "{} bits a channel cannot be stored; 8 or 16 can",
                self.bit_depth
            )));
        }
        if !matches!(self.gaussians.channels(), 1 | 3 | 4) {
            return Err(Error::Invalid(format!(
                "Gaussians of {} channels cannot be stored; 1, 3 or 4 can",
                self.gaussians.channels()
            )));
        }
        if let Blend::Normalized { epsilon } = self.blend
            && !(epsilon.is_finite() && epsilon >= 0.0)
        {
            return Err(Error::Invalid(format!("the blend's epsilon {epsilon} is not 0 or more")));
        }
        if u32::try_from(self.gaussians.len()).is_err() {
            return Err(Error::Limit {
                what: "Gaussians in an .lgi file",
                value: self.gaussians.len() as u64,
                limit: u64::from(u32::MAX),
            });
        }
        check_gaussians(&self.gaussians, 1.0)
    }
}

/// Checks that every Gaussian is finite, invertible and of a size that can be drawn.
///
/// `slack` widens the bounds: quantising may push a value that was just inside just outside.
pub(super) fn check_gaussians(gaussians: &Gaussians, slack: f64) -> Result<()> {
    gaussians.check()?;
    for index in 0..gaussians.len() {
        let mean = gaussians.mean_px[index];
        let sigmas = gaussians.sigmas_px(index);
        let color = gaussians.color_of(index);
        let within = |value: &f32, most: f64| f64::from(*value).abs() <= most * slack;
        let fits = mean.iter().all(|value| within(value, MAX_MEAN_PX))
            && color.iter().all(|value| within(value, MAX_COLOR))
            && f64::from(sigmas[1]) >= SIGMA_PX[0] / slack
            && within(&sigmas[0], SIGMA_PX[1]);
        if !fits {
            return Err(Error::Invalid(format!(
                "Gaussian {index} is out of range: mean {mean:?} px, standard deviations \
                 {sigmas:?} px, colour {color:?}"
            )));
        }
    }
    Ok(())
}
