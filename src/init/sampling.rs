//! Random centres with a density that follows the picture's detail.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::blur::blur;
use super::gradient::magnitude;
use crate::image::Image;

/// Centres in pixels, `[count]`, drawn by gradient magnitude, blurred by one pixel, mixed with
/// `uniform` of a uniform density: Image-GS (Zhang et al., SIGGRAPH 2025), eq. 6, but for the blur.
///
/// A picture without any gradient gets the uniform density alone.
pub(super) fn by_gradient(
    target: &Image,
    count: usize,
    uniform: f32,
    rng: &mut Xoshiro256PlusPlus,
) -> Vec<[f32; 2]> {
    let size = target.size();
    let density = blur(&magnitude(target), size, 1.0);
    let mean = density.iter().map(|v| f64::from(*v)).sum::<f64>() / density.len().max(1) as f64;
    let floor = if mean > 0.0 { f64::from(uniform) * mean } else { 1.0 };
    let share = 1.0 - f64::from(uniform);
    let mut sum = 0.0;
    let cumulative: Vec<f64> = density
        .iter()
        .map(|v| {
            sum += share * f64::from(*v) + floor;
            sum
        })
        .collect();
    (0..count)
        .map(|_| {
            let mark = rng.random::<f64>() * sum;
            let pixel = cumulative.partition_point(|c| *c <= mark).min(cumulative.len() - 1);
            [
                (pixel % size.width) as f32 + rng.random::<f32>(),
                (pixel / size.width) as f32 + rng.random::<f32>(),
            ]
        })
        .collect()
}
