//! Random centres with a density that follows the picture's detail.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::blur::blur;
use super::gradient::magnitude;
use super::hilbert;
use crate::image::Image;

/// How much detail every pixel has, `[H, W]`, as [`by_gradient`] draws by it.
pub(super) fn weights(target: &Image, uniform: f32) -> Vec<f32> {
    let mut density = blur(&magnitude(target), target.size(), 1.0);
    let sum: f64 = density.iter().map(|v| f64::from(*v)).sum();
    let mean = (sum / density.len().max(1) as f64) as f32;
    if mean <= 0.0 {
        density.fill(1.0);
        return density;
    }
    density.iter_mut().for_each(|v| *v = (1.0 - uniform) * *v / mean + uniform);
    density
}

/// Centres in pixels, `[count]`, drawn by gradient magnitude, blurred by one pixel, mixed with
/// `uniform` of a uniform density: Image-GS (Zhang et al., SIGGRAPH 2025), but for the blur.
///
/// A picture without any gradient gets the uniform density alone. Sampling is stratified along a
/// Hilbert curve, one centre in each of `count` stretches of equal weight: independent draws
/// clump and leave holes. The centres come in the curve's order.
pub(super) fn by_gradient(
    target: &Image,
    count: usize,
    uniform: f32,
    rng: &mut Xoshiro256PlusPlus,
) -> Vec<[f32; 2]> {
    let size = target.size();
    let mut centres = Vec::with_capacity(count);
    if count == 0 || size.pixels() == 0 {
        return centres;
    }
    let density = blur(&magnitude(target), size, 1.0);
    let mean = density.iter().map(|v| f64::from(*v)).sum::<f64>() / size.pixels() as f64;
    let uniform = f64::from(uniform);
    // Weights add up to `count`: centre k lies where their running sum passes k + random.
    let per_pixel = count as f64 / size.pixels() as f64;
    let (share, floor) = if mean > 0.0 {
        ((1.0 - uniform) / mean * per_pixel, uniform * per_pixel)
    } else {
        (0.0, per_pixel)
    };
    let mut sum = 0.0;
    let mut next: f64 = rng.random();
    let mut last = [0, 0];
    hilbert::walk(size, &mut |x, y| {
        sum += share * f64::from(density[y * size.width + x]) + floor;
        last = [x, y];
        while next < sum && centres.len() < count {
            centres.push([x as f32 + rng.random::<f32>(), y as f32 + rng.random::<f32>()]);
            next = centres.len() as f64 + rng.random::<f64>();
        }
    });
    // Rounding may leave the sum a little short of the last centre.
    while centres.len() < count {
        centres.push([last[0] as f32 + rng.random::<f32>(), last[1] as f32 + rng.random::<f32>()]);
    }
    centres
}
