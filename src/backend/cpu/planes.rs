//! Pictures as the kernels want them: rows padded to whole vectors, channels side by side.

use rayon::prelude::*;

use crate::gaussian_values::MAX_LANES;
use crate::image::{Image, Size};

/// A picture of shape `[H, C, stride]`. A vector that starts inside a row may end in its padding.
#[derive(Default)]
pub(super) struct Planes {
    channels: usize,
    width: usize,
    stride: usize,
    data: Vec<f32>,
}

impl Planes {
    /// Sets the shape; values are whatever the memory held.
    pub(super) fn set_shape(&mut self, size: Size, channels: usize) {
        self.channels = channels;
        self.width = size.width;
        self.stride = Self::stride_of(size);
        self.data.resize(size.height * channels * self.stride, 0.0);
    }

    /// [`Self::stride`] of pictures of `size`.
    pub(super) fn stride_of(size: Size) -> usize {
        (size.width + MAX_LANES).next_multiple_of(MAX_LANES)
    }

    /// Distance from one channel to the next within a row.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Distance from one row to the next.
    pub(super) fn row_stride(&self) -> usize {
        self.channels * self.stride
    }

    pub(super) fn data(&self) -> &[f32] {
        &self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Takes the values of `image`; the padding becomes zero.
    pub(super) fn copy_from(&mut self, image: &Image) {
        let size = image.size();
        self.set_shape(size, image.channels());
        if self.data.is_empty() {
            return;
        }
        let (width, stride) = (self.width, self.stride);
        self.data.par_chunks_mut(self.channels * stride).enumerate().for_each(|(y, row)| {
            for (channel, padded) in row.chunks_exact_mut(stride).enumerate() {
                padded[..width].copy_from_slice(&image.plane(channel)[y * width..][..width]);
                padded[width..].fill(0.0);
            }
        });
    }

    /// The picture without the padding.
    pub(super) fn to_image(&self, size: Size) -> Image {
        let mut image = Image::zeros(size, self.channels);
        if size.pixels() == 0 {
            return image;
        }
        image.data_mut().par_chunks_mut(size.width).enumerate().for_each(|(row, out)| {
            let (channel, y) = (row / size.height, row % size.height);
            let start = (y * self.channels + channel) * self.stride;
            out.copy_from_slice(&self.data[start..start + size.width]);
        });
        image
    }
}
