//! Who keeps whom away.

use super::shape::Shape;
use crate::image::Size;

/// A Gaussian keeps others away by so many of its standard deviations.
pub(super) const EXCLUSION: f32 = 1.5;

/// The pixels that are taken.
pub(super) struct Territory {
    size: Size,
    taken: Vec<bool>,
}

impl Territory {
    pub fn new(size: Size) -> Self {
        Self { size, taken: vec![false; size.pixels()] }
    }

    /// Takes the surroundings of a Gaussian, and says whether its centre was free.
    pub fn claim(&mut self, shape: &Shape) -> bool {
        let free = self.is_free(shape.mean_px);
        self.take(shape.mean_px, shape.area().sqrt());
        free
    }

    /// Whether nobody has taken the pixel.
    pub fn is_free(&self, mean_px: [f32; 2]) -> bool {
        let [x, y] = self.pixel(mean_px);
        !self.taken[y * self.size.width + x]
    }

    /// Takes a square around a centre.
    pub fn take(&mut self, mean_px: [f32; 2], sigma_px: f32) {
        let [x, y] = self.pixel(mean_px);
        let radius = (EXCLUSION * sigma_px).ceil() as usize;
        let around = |center: usize, length: usize| {
            center.saturating_sub(radius)..center.saturating_add(radius + 1).min(length)
        };
        for row in around(y, self.size.height) {
            let row = &mut self.taken[row * self.size.width..][..self.size.width];
            row[around(x, self.size.width)].fill(true);
        }
    }

    fn pixel(&self, mean_px: [f32; 2]) -> [usize; 2] {
        let [x, y] = mean_px.map(|v| v as usize);
        [x.min(self.size.width - 1), y.min(self.size.height - 1)]
    }
}
