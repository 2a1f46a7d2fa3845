//! Pictures as picture files hold them: interleaved integers, shape `[H, W, C]`.

use ::image::ExtendedColorType;

use super::interleave::interleave_onto;
use super::{Image, Size};
use crate::error::{Error, Result};

/// A picture of interleaved 8-bit or 16-bit samples, put together from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    size: Size,
    channels: usize,
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    Bits8(Vec<u8>),
    Bits16(Vec<u16>),
}

impl Samples {
    /// Those of a whole picture. Values are clamped to `0..=1` and rounded.
    ///
    /// # Errors
    /// As [`Self::empty`].
    pub fn of(image: &Image, bit_depth: u8) -> Result<Self> {
        let mut samples = Self::empty(image.size(), image.channels(), bit_depth)?;
        samples.push_rows(image)?;
        Ok(samples)
    }

    /// A picture of `size` none of whose rows are there yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] for other bit depths than 8 and 16.
    pub fn empty(size: Size, channels: usize, bit_depth: u8) -> Result<Self> {
        let count = size.pixels().saturating_mul(channels);
        check_bit_depth(bit_depth)?;
        let values = match bit_depth {
            8 => Values::Bits8(Vec::with_capacity(count)),
            _ => Values::Bits16(Vec::with_capacity(count)),
        };
        Ok(Self { size, channels, values })
    }

    /// Adds the next rows. Values are clamped to `0..=1` and rounded.
    ///
    /// # Errors
    /// [`Error::Invalid`] if they do not fit in width or channels, or are too many.
    pub fn push_rows(&mut self, rows: &Image) -> Result<()> {
        let fits = rows.channels() == self.channels && rows.size().width == self.size.width;
        if !fits || self.count() + rows.data().len() > self.size.pixels() * self.channels {
            return Err(Error::Invalid(format!(
                "rows of {} with {} channels do not fit what is missing of a picture of {} with {}",
                rows.size(),
                rows.channels(),
                self.size,
                self.channels
            )));
        }
        match &mut self.values {
            Values::Bits8(values) => interleave_onto(values, rows),
            Values::Bits16(values) => interleave_onto(values, rows),
        }
        Ok(())
    }

    /// Width and height of the whole picture.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Bits of a sample, 8 or 16.
    pub fn bit_depth(&self) -> u8 {
        match self.values {
            Values::Bits8(_) => 8,
            Values::Bits16(_) => 16,
        }
    }

    /// Whether all rows are there.
    pub fn is_whole(&self) -> bool {
        self.count() == self.size.pixels() * self.channels
    }

    fn count(&self) -> usize {
        match &self.values {
            Values::Bits8(values) => values.len(),
            Values::Bits16(values) => values.len(),
        }
    }

    /// The rows so far, shape `[H, W, C]`; 16 bits in the order of this machine.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.values {
            Values::Bits8(values) => values,
            Values::Bits16(values) => bytemuck::cast_slice(values),
        }
    }

    pub(super) fn color_type(&self) -> ExtendedColorType {
        match (self.channels, &self.values) {
            (1, Values::Bits8(_)) => ExtendedColorType::L8,
            (3, Values::Bits8(_)) => ExtendedColorType::Rgb8,
            (_, Values::Bits8(_)) => ExtendedColorType::Rgba8,
            (1, Values::Bits16(_)) => ExtendedColorType::L16,
            (3, Values::Bits16(_)) => ExtendedColorType::Rgb16,
            (_, Values::Bits16(_)) => ExtendedColorType::Rgba16,
        }
    }
}

/// Refuses bit depths that no sample has.
pub(super) fn check_bit_depth(bit_depth: u8) -> Result<()> {
    match bit_depth {
        8 | 16 => Ok(()),
        _ => Err(Error::Invalid(format!("{bit_depth} bits a channel; 8 or 16 can be written"))),
    }
}
