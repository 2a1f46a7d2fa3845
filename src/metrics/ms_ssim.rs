//! Multi-scale structural similarity: Wang, Simoncelli & Bovik, "Multi-scale structural
//! similarity for image quality assessment", 2003, eq. 7.

use super::ssim::plane_means;
use super::{check_alike, rounded};
use crate::error::Result;
use crate::image::{Image, Size};

/// Exponents of the scales, finest first, section 3.2 of the paper.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// A scale counts if the window of 11 taps fits on it.
const SMALLEST_EDGE_PX: usize = 11;

/// MS-SSIM of the 8-bit pictures, mean over the channels; 1 for pictures without pixels.
///
/// Each scale halves the one before by the mean of 2x2 pixels; odd last rows and columns are
/// dropped. Negative factors count as zero. Pictures under 176 pixels along an edge have no five
/// scales for the window: they use as many as fit, at least one, with weights scaled to the sum
/// of all five.
///
/// # Errors
/// [`crate::Error::Invalid`] if sizes or channels differ.
pub fn ms_ssim(picture: &Image, target: &Image) -> Result<f64> {
    check_alike(picture, target)?;
    let (picture, target) = (rounded(picture), rounded(target));
    let channels = picture.channels();
    let sum: f64 = (0..channels)
        .map(|c| plane_ms_ssim(picture.plane(c), target.plane(c), picture.size()))
        .sum();
    Ok(if channels == 0 { 1.0 } else { sum / channels as f64 })
}

fn plane_ms_ssim(a: &[f32], b: &[f32], mut size: Size) -> f64 {
    let edge = size.width.min(size.height);
    let scales =
        (1..WEIGHTS.len()).take_while(|scale| edge >> scale >= SMALLEST_EDGE_PX).count() + 1;
    let all: f64 = WEIGHTS.iter().sum();
    let share = all / WEIGHTS[..scales].iter().sum::<f64>();
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    let mut product = 1.0;
    for (scale, weight) in WEIGHTS[..scales].iter().enumerate() {
        let means = plane_means(&a, &b, size);
        let last = scale + 1 == scales;
        let factor = if last { means.ssim } else { means.contrast_structure };
        product *= factor.max(0.0).powf(weight * share);
        if !last {
            (a, b) = (halved(&a, size), halved(&b, size));
            size = Size::new(size.width / 2, size.height / 2);
        }
    }
    product
}

/// Means of 2x2 pixels, shape `[H / 2, W / 2]`.
fn halved(plane: &[f32], size: Size) -> Vec<f32> {
    let (width, height) = (size.width / 2, size.height / 2);
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height {
        let upper = &plane[2 * y * size.width..];
        let lower = &plane[(2 * y + 1) * size.width..];
        out.extend(
            (0..width).map(|x| {
                0.25 * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1])
            }),
        );
    }
    out
}
