//! Ellipses along the picture's edges.

use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::gradient::derivative;
use super::gradient_weighted::{COLOR_SHARE, sigmas_px};
use super::{Initializer, SMALLEST_SIGMA_PX, blur, check_target, push_local_color, sampling};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;

/// Centres and sizes as [`super::GradientWeighted`] has them, stretched along the local edges
/// that the structure tensor (Förstner & Gülch 1987; Di Zenzo 1986 for colour) finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StructureTensor {
    /// Share of centres that ignore the gradient, 0 to 1.
    pub uniform: f32,
    /// Geometric mean of the sigmas over the mean distance to the three nearest neighbours.
    pub scale: f32,
    /// Ratio of the sigmas on a straight edge; 1 where there is no direction.
    pub aspect: f32,
}

impl StructureTensor {
    /// The settings of [`super::ALL`].
    pub const USUAL: Self = Self { uniform: 0.1, scale: 0.6, aspect: 4.0 };
}

/// Standard deviation and radius of the window that the tensor is averaged over, in pixels.
const WINDOW_SIGMA_PX: f32 = 2.0;
const WINDOW_RADIUS_PX: usize = 6;

/// Direction of the steepest change as an angle from x towards y, and coherence
/// `(l1 - l2) / (l1 + l2)` of the tensor's eigenvalues: 0 without a direction, 1 on an edge.
fn orientation(target: &Image, mean_px: [f32; 2], window: &[f32]) -> (f32, f32) {
    let size = target.size();
    let (x, y) = (mean_px[0] as isize, mean_px[1] as isize);
    let inside = |center: isize, tap: usize, length: usize| {
        (center + tap as isize - WINDOW_RADIUS_PX as isize).clamp(0, length as isize - 1) as usize
    };
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for channel in 0..target.channels() {
        for (row, weight_y) in window.iter().enumerate() {
            let y = inside(y, row, size.height);
            for (column, weight_x) in window.iter().enumerate() {
                let [dx, dy] = derivative(target, channel, inside(x, column, size.width), y);
                let weight = weight_x * weight_y;
                xx += weight * dx * dx;
                xy += weight * dx * dy;
                yy += weight * dy * dy;
            }
        }
    }
    let difference = (xx - yy).hypot(2.0 * xy);
    // About a grey level of 255 a pixel, squared: below it a direction is noise.
    let coherence = difference / (xx + yy + 1e-5);
    if coherence.is_finite() {
        (0.5 * f32::atan2(2.0 * xy, xx - yy), coherence)
    } else {
        (0.0, 0.0)
    }
}

impl Initializer for StructureTensor {
    fn name(&self) -> &'static str {
        "structure-tensor"
    }

    fn place(
        &self,
        target: &Image,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Gaussians> {
        check_target(target, count)?;
        self.around(target, sampling::by_gradient(target, count, self.uniform, rng))
    }
}

impl StructureTensor {
    /// Gaussians with these centres.
    pub(super) fn around(&self, target: &Image, mean_px: Vec<[f32; 2]>) -> Result<Gaussians> {
        let sigmas = sigmas_px(target, &mean_px, self.scale);
        let window = blur::window(WINDOW_SIGMA_PX, WINDOW_RADIUS_PX);
        let factor_px = mean_px
            .par_iter()
            .zip(sigmas)
            .map(|(mean, sigma)| {
                let (angle, coherence) = orientation(target, *mean, &window);
                let root = (1.0 + (self.aspect - 1.0) * coherence).sqrt();
                let across = (sigma / root).max(SMALLEST_SIGMA_PX);
                let along = (sigma * root).max(SMALLEST_SIGMA_PX);
                let (sine, cosine) = angle.sin_cos();
                [cosine * across, -sine * along, sine * across, cosine * along]
            })
            .collect();
        let mut color = Vec::with_capacity(mean_px.len() * target.channels());
        for mean in &mean_px {
            push_local_color(&mut color, target, *mean, COLOR_SHARE);
        }
        Gaussians::new(target.channels(), mean_px, factor_px, color)
    }
}
