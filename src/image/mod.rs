//! Pictures in memory: planar `f32`, channel by channel, rows from the top; and their files.
//!
//! [`load`], [`read`] and [`decode`] make an [`Image`] of a picture file, [`save`], [`write()`] and
//! [`encode`] make a file of an [`Image`]. PNG, JPEG, WebP, BMP, TIFF and PNM are known.

mod decode;
mod encode;
mod format;
mod halve;
mod interleave;
mod jpeg_end;
mod limits;
mod pnm;
mod region;
mod samples;

pub use decode::{Loaded, decode, load, read};
pub use encode::{SaveOptions, check_can_write, encode, encode_samples, save, write};
pub use format::PictureFormat;
pub use limits::Limits;
pub use region::Region;
pub use samples::Samples;

use crate::error::{Error, Result};

/// Width and height of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Size {
    /// A size of `width` columns and `height` rows.
    pub const fn new(width: usize, height: usize) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn pixels(self) -> usize {
        self.width * self.height
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A picture as planar `f32` values, shape `[C, H, W]`.
///
/// Values are the picture's own encoded values (sRGB in, sRGB out) with 0 for black and 1 for
/// white. Values outside `0..=1` are allowed: sums of Gaussians and gradients have them. Channels
/// are gray (1), RGB (3) or RGBA (4, alpha not premultiplied); intermediate images may have
/// others.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    size: Size,
    channels: usize,
    data: Vec<f32>,
}

impl Image {
    /// A picture of zeros.
    pub fn zeros(size: Size, channels: usize) -> Self {
        Self { size, channels, data: vec![0.0; size.pixels() * channels] }
    }

    /// A picture from planar values, shape `[C, H, W]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the number of values is not `C * H * W`.
    pub fn from_planar(size: Size, channels: usize, data: Vec<f32>) -> Result<Self> {
        if data.len() != size.pixels() * channels {
            return Err(Error::Invalid(format!(
                "a picture of {size} with {channels} channels has {} values, not {}",
                size.pixels() * channels,
                data.len()
            )));
        }
        Ok(Self { size, channels, data })
    }

    /// Width and height.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// All values, shape `[C, H, W]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// All values, shape `[C, H, W]`.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// One channel, shape `[H, W]`.
    pub fn plane(&self, channel: usize) -> &[f32] {
        let pixels = self.size.pixels();
        &self.data[channel * pixels..(channel + 1) * pixels]
    }

    /// One channel, shape `[H, W]`.
    pub fn plane_mut(&mut self, channel: usize) -> &mut [f32] {
        let pixels = self.size.pixels();
        &mut self.data[channel * pixels..(channel + 1) * pixels]
    }

    /// One value.
    pub fn at(&self, channel: usize, x: usize, y: usize) -> f32 {
        self.data[(channel * self.size.height + y) * self.size.width + x]
    }
}
