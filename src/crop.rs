//! Gaussians for a part of a picture: what lies elsewhere is not drawn at all.

use crate::gaussians::{Gaussians, SUPPORT_Q};
use crate::image::Region;

/// The Gaussians that reach `region` of the picture that `gaussians` draw, in pixels of the region.
///
/// Drawn at the size of the region they give that part of the whole drawing, to the rounding of
/// floats.
pub fn crop(gaussians: &Gaussians, region: &Region) -> Gaussians {
    let corner = [region.left as f64, region.top as f64];
    let size = [region.size.width as f64, region.size.height as f64];
    let mut inside = Gaussians::empty(gaussians.channels());
    for index in 0..gaussians.len() {
        let factor = gaussians.factor_px[index];
        let [l00, l01, l10, l11] = factor.map(f64::from);
        let sigmas = [l00.hypot(l01), l10.hypot(l11)];
        let mean: [f64; 2] =
            std::array::from_fn(|axis| f64::from(gaussians.mean_px[index][axis]) - corner[axis]);
        let reaches = |axis: usize| {
            // A little further than the support: which pixels belong to it the backend decides.
            let reach = 1.001 * sigmas[axis] * f64::from(SUPPORT_Q).sqrt() + 1.0;
            mean[axis] + reach >= 0.0 && mean[axis] - reach <= size[axis]
        };
        if reaches(0) && reaches(1) {
            inside.push(mean.map(|v| v as f32), factor, gaussians.color_of(index));
        }
    }
    inside
}
