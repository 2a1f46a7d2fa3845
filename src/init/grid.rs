//! Ellipses in rows and columns, the same everywhere.

use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Initializer, SMALLEST_SIGMA_PX, check_target, push_local_color};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;

/// A regular grid of cells that are as square as the count allows; sigmas are half a cell.
///
/// Rows differ by at most one Gaussian, so that any count fills the picture evenly. Nothing is
/// random.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grid;

impl Initializer for Grid {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn place(
        &self,
        target: &Image,
        count: usize,
        _rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Gaussians> {
        check_target(target, count)?;
        let mut gaussians = Gaussians::empty(target.channels());
        let [width, height] = [target.size().width as f64, target.size().height as f64];
        let rows = ((count as f64 * height / width).sqrt().round() as usize).clamp(1, count.max(1));
        let cell_height = height / rows as f64;
        let sigma_y = (0.5 * cell_height).max(f64::from(SMALLEST_SIGMA_PX));
        let mut color = Vec::new();
        for row in 0..rows {
            // In 128 bits: the product may exceed 64.
            let before = |row: usize| (row as u128 * count as u128 / rows as u128) as usize;
            let columns = before(row + 1) - before(row);
            let cell_width = width / columns.max(1) as f64;
            let sigma_x = (0.5 * cell_width).max(f64::from(SMALLEST_SIGMA_PX));
            let scale = cell_width * cell_height / (std::f64::consts::TAU * sigma_x * sigma_y);
            for column in 0..columns {
                let mean_px = [
                    ((column as f64 + 0.5) * cell_width) as f32,
                    ((row as f64 + 0.5) * cell_height) as f32,
                ];
                color.clear();
                push_local_color(&mut color, target, mean_px, scale as f32);
                gaussians.push(mean_px, [sigma_x as f32, 0.0, 0.0, sigma_y as f32], &color);
            }
        }
        Ok(gaussians)
    }
}
