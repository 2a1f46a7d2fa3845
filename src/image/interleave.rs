//! Planar `f32` to and from interleaved integers, shape `[H, W, C]`.

use rayon::prelude::*;

use super::{Image, Size};
use crate::error::Result;

/// An integer sample whose largest value is white.
pub(super) trait Sample: Copy + PartialEq + Into<f32> + Send {
    /// White, and fully opaque.
    const WHITE: Self;

    /// The nearest sample to a value; values outside `0..=1` are clamped.
    fn from_value(value: f32) -> Self;
}

/// The nearest integer, halves upwards, of a value below 2^23 that is not negative. `f32::round`
/// is a call for every value where the processor is not known to have an instruction for it.
fn nearest(value: f32) -> i32 {
    let below = value as i32;
    below + i32::from(value - below as f32 >= 0.5)
}

impl Sample for u8 {
    const WHITE: Self = Self::MAX;

    fn from_value(value: f32) -> Self {
        nearest(value.clamp(0.0, 1.0) * 255.0) as Self
    }
}

impl Sample for u16 {
    const WHITE: Self = Self::MAX;

    fn from_value(value: f32) -> Self {
        nearest(value.clamp(0.0, 1.0) * 65535.0) as Self
    }
}

impl Image {
    /// All values as interleaved bytes, shape `[H, W, C]`: clamped to `0..=1`, rounded to 255
    /// steps. NaN becomes 0.
    pub fn to_8bit(&self) -> Vec<u8> {
        interleave(self)
    }

    /// As [`Self::to_8bit`] with 65535 steps.
    pub fn to_16bit(&self) -> Vec<u16> {
        interleave(self)
    }

    /// A picture from interleaved bytes, shape `[H, W, C]`; 255 is 1.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if the number of samples is not `H * W * C`.
    pub fn from_8bit(size: Size, channels: usize, samples: &[u8]) -> Result<Self> {
        deinterleave(size, channels, samples)
    }

    /// A picture from interleaved 16-bit samples, shape `[H, W, C]`; 65535 is 1.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] if the number of samples is not `H * W * C`.
    pub fn from_16bit(size: Size, channels: usize, samples: &[u16]) -> Result<Self> {
        deinterleave(size, channels, samples)
    }
}

fn interleave<T: Sample>(image: &Image) -> Vec<T> {
    let mut samples = Vec::new();
    interleave_onto(&mut samples, image);
    samples
}

/// Adds the rows of a picture to samples.
pub(super) fn interleave_onto<T: Sample>(samples: &mut Vec<T>, image: &Image) {
    let (channels, width) = (image.channels(), image.size().width);
    let before = samples.len();
    samples.resize(before + image.data().len(), T::from_value(0.0));
    let rows = samples[before..].par_chunks_mut((width * channels).max(1)).enumerate();
    // Converted in vectors, and only then spread.
    let line = || vec![T::from_value(0.0); width];
    rows.for_each_init(line, |line, (y, row)| {
        for channel in 0..channels {
            let values = &image.plane(channel)[y * width..][..width];
            for (sample, value) in line.iter_mut().zip(values) {
                *sample = T::from_value(*value);
            }
            for (out, sample) in row.iter_mut().skip(channel).step_by(channels).zip(&*line) {
                *out = *sample;
            }
        }
    });
}

fn deinterleave<T: Sample>(size: Size, channels: usize, samples: &[T]) -> Result<Image> {
    let order: Vec<usize> = (0..channels).collect();
    gather(size, channels, &order, samples)
}

/// The channels `order` of interleaved samples with `stored` channels, as a planar picture.
pub(super) fn gather<T: Sample>(
    size: Size,
    stored: usize,
    order: &[usize],
    samples: &[T],
) -> Result<Image> {
    let white: f32 = T::WHITE.into();
    let mut data = Vec::with_capacity(size.pixels().saturating_mul(order.len()));
    for channel in order {
        let plane = samples.iter().skip(*channel).step_by(stored.max(1));
        // Division, not multiplication with 1/white: k/white must be the nearest `f32`.
        data.extend(plane.map(|sample| Into::<f32>::into(*sample) / white));
    }
    Image::from_planar(size, order.len(), data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_the_nearest_ones() {
        for sample in 0..=65_535_u16 {
            assert_eq!(u16::from_value(f32::from(sample) / 65_535.0), sample);
        }
        for value in (0..200_000).map(|i| i as f32 / 199_999.0) {
            assert_eq!(f32::from(u8::from_value(value)), (value * 255.0).round(), "{value}");
            assert_eq!(f32::from(u16::from_value(value)), (value * 65_535.0).round(), "{value}");
        }
        let odd = [-1.0, 2.0, f32::NAN, f32::INFINITY].map(u8::from_value);
        assert_eq!(odd, [0, 255, 0, 255]);
    }
}
