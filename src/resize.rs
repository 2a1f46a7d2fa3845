//! Gaussians for another size: a picture of Gaussians has no pixels of its own.

use crate::blend::Blend;
use crate::gaussians::Gaussians;
use crate::image::Size;

/// Variance of a pixel's own footprint in square pixels.
///
/// Gaussians fitted to pixels carry the footprint of those pixels; a smaller picture has larger
/// ones, and what is missing is added. A box of one pixel has 1/12; a little more makes up for
/// the corners that a Gaussian lacks. Three Kodak pictures of 10 000 Gaussians, drawn at 1/2, 1/4
/// and 1/8, are then within 40 to 54 dB of averaging the full-size drawing over areas: 2 dB more
/// than with 1/12, 8 to 11 dB more than with 0.2.
const FOOTPRINT_VARIANCE_PX2: f64 = 0.1;

/// The Gaussians that draw, at size `to`, the picture that `gaussians` draw at size `from`.
///
/// Means and factors are scaled, each axis by its own factor. Along an axis that shrinks, every
/// Gaussian is widened by the difference between the new pixel's footprint and the old one's, so
/// that what is finer than a pixel is averaged and not skipped (the low-pass filter of EWA
/// splatting, Zwicker et al. 2001). With the additive blend the
/// colour falls as the area grows, which keeps the integral of every Gaussian. The normalized
/// blend divides by the coverage, which grows likewise, and keeps its colours.
pub fn resize(gaussians: &Gaussians, blend: Blend, from: Size, to: Size) -> Gaussians {
    if from == to {
        return gaussians.clone();
    }
    let scale = [ratio(to.width, from.width), ratio(to.height, from.height)];
    let missing = scale.map(|s| FOOTPRINT_VARIANCE_PX2 * (1.0 - s * s).max(0.0));
    let mut resized = Gaussians::empty(gaussians.channels());
    let mut color = Vec::with_capacity(gaussians.channels());
    for index in 0..gaussians.len() {
        let [x, y] = gaussians.mean_px[index].map(f64::from);
        let [a, b, c, d] = gaussians.factor_px[index].map(f64::from);
        let scaled = [a * scale[0], b * scale[0], c * scale[1], d * scale[1]];
        let (factor, kept) = widen(scaled, missing);
        let kept = if blend == Blend::Additive { kept } else { 1.0 };
        color.clear();
        color.extend(gaussians.color_of(index).iter().map(|v| (f64::from(*v) * kept) as f32));
        let mean = [(x * scale[0]) as f32, (y * scale[1]) as f32];
        resized.push(mean, factor.map(|v| v as f32), &color);
    }
    resized
}

fn ratio(to: usize, from: usize) -> f64 {
    to as f64 / from as f64
}

/// A factor of `L L^T + diag(added)`, and by what the peak falls if the integral is to stay.
fn widen(factor: [f64; 4], added: [f64; 2]) -> ([f64; 4], f64) {
    if added == [0.0; 2] {
        return (factor, 1.0);
    }
    let [a, b, c, d] = factor;
    let xx = a * a + b * b + added[0];
    let xy = a * c + b * d;
    let yy = c * c + d * d + added[1];
    let first = xx.sqrt();
    let below = xy / first;
    // Exact arithmetic would give `(det L)^2 / xx` plus something positive; rounding of a very
    // flat Gaussian must not make it negative.
    let area = (a * d - b * c).abs();
    let second = (yy - below * below).max((area / first).powi(2)).sqrt();
    ([first, 0.0, below, second], area / (first * second))
}
