//! Circles where the picture has detail, as large as their surroundings are empty.

use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Initializer, check_target, push_local_color, sampling, spacing_px};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::neighbours::mean_distances;

/// Centres drawn by gradient magnitude mixed with a uniform part, as Image-GS (Zhang et al.,
/// SIGGRAPH 2025) draws them; sigma follows the distance to the three nearest neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientWeighted {
    /// Share of centres that ignore the gradient, 0 to 1.
    pub uniform: f32,
    /// Sigma over the mean distance to the three nearest neighbours.
    pub scale: f32,
}

impl GradientWeighted {
    /// The settings of [`super::ALL`].
    pub const USUAL: Self = Self { uniform: 0.3, scale: 0.6 };
}

/// Colours of overlapping Gaussians add up: the share of the local colour that each starts with.
pub(super) const COLOR_SHARE: f32 = 0.3;

/// Smallest sigma here: centres may fall upon each other.
const SMALLEST_PX: f32 = 0.5;

/// Sigmas in pixels that follow the distances between centres.
///
/// A few lonely centres in a large flat region would cover most of the picture: no sigma exceeds
/// a sixteenth of the picture's mean edge, or the mean spacing where that is more.
pub(super) fn sigmas_px(target: &Image, mean_px: &[[f32; 2]], scale: f32) -> Vec<f32> {
    let edge = spacing_px(target, 1);
    let largest = (edge / 16.0).max(spacing_px(target, mean_px.len())).max(SMALLEST_PX);
    mean_distances::<3>(mean_px)
        .into_iter()
        .map(|distance| (scale * distance.min(edge)).clamp(SMALLEST_PX, largest))
        .collect()
}

impl Initializer for GradientWeighted {
    fn name(&self) -> &'static str {
        "gradient-weighted"
    }

    fn place(
        &self,
        target: &Image,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Gaussians> {
        check_target(target, count)?;
        let mean_px = sampling::by_gradient(target, count, self.uniform, rng);
        let factor_px = sigmas_px(target, &mean_px, self.scale)
            .into_iter()
            .map(|sigma| [sigma, 0.0, 0.0, sigma])
            .collect();
        let mut color = Vec::with_capacity(count * target.channels());
        for mean in &mean_px {
            push_local_color(&mut color, target, *mean, COLOR_SHARE);
        }
        Gaussians::new(target.channels(), mean_px, factor_px, color)
    }
}
