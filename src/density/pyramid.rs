//! A picture at halved and halved resolutions.

use rayon::prelude::*;

use crate::image::Image;

/// One level of a pyramid; planar.
pub(super) struct Pyramid<'a> {
    /// The picture itself, as long as nothing was halved.
    full: Option<&'a Image>,
    planes: Vec<f32>,
    width: usize,
    height: usize,
    channels: usize,
}

impl<'a> Pyramid<'a> {
    pub(super) fn new(image: &'a Image) -> Self {
        Self {
            full: Some(image),
            planes: Vec::new(),
            width: image.size().width,
            height: image.size().height,
            channels: image.channels(),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    pub(super) fn row(&self, channel: usize, y: usize) -> &[f32] {
        let data = self.full.map_or(&self.planes[..], Image::data);
        &data[(channel * self.height + y) * self.width..][..self.width]
    }

    /// Goes to half the resolution by the mean of 2x2 pixels, zeros outside the picture; false
    /// where the picture is too small to.
    pub(super) fn halve(&mut self) -> bool {
        if self.width.min(self.height) < 4 {
            return false;
        }
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut planes = vec![0.0; width * height * self.channels];
        planes.par_chunks_mut(width).enumerate().for_each(|(index, out)| {
            let (channel, y) = (index / height, index % height);
            for row in [2 * y, 2 * y + 1].into_iter().filter(|row| *row < self.height) {
                for (out, pair) in out.iter_mut().zip(self.row(channel, row).chunks(2)) {
                    *out += 0.25 * pair.iter().sum::<f32>();
                }
            }
        });
        *self = Self { full: None, planes, width, height, channels: self.channels };
        true
    }
}
