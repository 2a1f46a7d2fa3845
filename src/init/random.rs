//! Circles of one size, anywhere.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Initializer, SMALLEST_SIGMA_PX, check_target, push_local_color, spacing_px};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;

/// Centres uniform over the picture; sigma is half of the mean spacing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Initializer for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn place(
        &self,
        target: &Image,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Gaussians> {
        check_target(target, count)?;
        let [width, height] = [target.size().width as f32, target.size().height as f32];
        let spacing = spacing_px(target, count);
        let sigma = (0.5 * spacing).max(SMALLEST_SIGMA_PX);
        // The mean over the picture of the sum of all Gaussians becomes one.
        let scale = spacing * spacing / (std::f32::consts::TAU * sigma * sigma);
        let mean_px: Vec<[f32; 2]> = (0..count)
            .map(|_| [rng.random::<f32>() * width, rng.random::<f32>() * height])
            .collect();
        let mut color = Vec::with_capacity(count * target.channels());
        for mean in &mean_px {
            push_local_color(&mut color, target, *mean, scale);
        }
        let factor_px = vec![[sigma, 0.0, 0.0, sigma]; count];
        Gaussians::new(target.channels(), mean_px, factor_px, color)
    }
}
