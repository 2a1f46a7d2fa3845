//! Derivatives of a picture by central differences; edge pixels are repeated outwards.

use rayon::prelude::*;

use crate::image::Image;

/// `[dI/dx, dI/dy]` per pixel of one channel at one pixel. Not finite where the pixels are not.
#[inline]
pub(super) fn derivative(picture: &Image, channel: usize, x: usize, y: usize) -> [f32; 2] {
    let (right, below) =
        ((x + 1).min(picture.size().width - 1), (y + 1).min(picture.size().height - 1));
    let (left, above) = (x.saturating_sub(1), y.saturating_sub(1));
    [
        0.5 * (picture.at(channel, right, y) - picture.at(channel, left, y)),
        0.5 * (picture.at(channel, x, below) - picture.at(channel, x, above)),
    ]
}

/// Length of the gradient over all channels, shape `[H, W]`; zero where it is not finite.
pub(super) fn magnitude(picture: &Image) -> Vec<f32> {
    let size = picture.size();
    let mut magnitude = vec![0.0f32; size.pixels()];
    magnitude.par_chunks_mut(size.width.max(1)).enumerate().for_each(|(y, row)| {
        for channel in 0..picture.channels() {
            for (x, sum) in row.iter_mut().enumerate() {
                let [dx, dy] = derivative(picture, channel, x, y);
                *sum += dx * dx + dy * dy;
            }
        }
        for value in row {
            *value = if value.is_finite() { value.sqrt() } else { 0.0 };
        }
    });
    magnitude
}
