//! Gaussians as points that searches move about.

use super::search::Ground;
use crate::gaussians::Gaussians;

/// Steps of whole Gaussians, in units that do about the same to the picture.
///
/// In the body frame a step of 1 is one standard deviation of the position, a factor of e in
/// size, and as much in colour as changes the picture alike: the diagonal of the Gauss-Newton
/// block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moves<'a> {
    ground: &'a Ground<'a>,
    /// Length of a unit step of position, shape and colour.
    units: [f32; 3],
}

/// Adam's rates in the body frame; others say by theirs how long their units are.
const BODY_FRAME_RATES: [f32; 2] = [0.4, 0.1];

/// A unit step of a colour: half the amplitude that Gaussians usually have.
const COLOR_UNIT: f32 = 0.25;

impl<'a> Moves<'a> {
    pub fn new(ground: &'a Ground<'a>) -> Self {
        let [position, shape] = ground.covariance.learning_rates();
        let units = [position / BODY_FRAME_RATES[0], shape / BODY_FRAME_RATES[1], COLOR_UNIT];
        Self { ground, units }
    }

    /// Numbers of a step of one Gaussian: position, shape, colour.
    pub fn dimension(&self) -> usize {
        2 + self.ground.covariance.shape_len() + self.ground.target.channels()
    }

    /// Numbers of its geometry.
    pub fn geometry(&self) -> usize {
        2 + self.ground.covariance.shape_len()
    }

    /// How far Gaussian `row` may go for the same change of the picture as the others: less
    /// where it is large and strong.
    pub fn reach(gaussians: &Gaussians, row: usize) -> f64 {
        let [a, b, c, d] = gaussians.factor_px[row].map(f64::from);
        let square: f64 = gaussians.color_of(row).iter().map(|c| f64::from(*c).powi(2)).sum();
        let energy = (square + 1e-3) * (a * d - b * c).abs().max(0.1);
        energy.sqrt().recip()
    }

    /// Moves Gaussian `row` by `step`; numbers that are missing at its end are zero.
    pub fn apply(&self, gaussians: &mut Gaussians, row: usize, step: &[f64]) {
        let shape_len = self.ground.covariance.shape_len();
        let at = |index: usize| step.get(index).map_or(0.0, |value| *value as f32);
        let position = [self.units[0] * at(0), self.units[0] * at(1)];
        let mut shape = [0.0; 3];
        for (index, value) in shape.iter_mut().take(shape_len).enumerate() {
            *value = self.units[1] * at(2 + index);
        }
        let (mean, factor) = (gaussians.mean_px[row], gaussians.factor_px[row]);
        (gaussians.mean_px[row], gaussians.factor_px[row]) =
            self.ground.covariance.retract(mean, factor, position, shape, self.ground.bounds);
        for (index, color) in gaussians.color_of_mut(row).iter_mut().enumerate() {
            *color += self.units[2] * at(2 + shape_len + index);
        }
    }
}

/// Gives `to` the Gaussian that `from` has in the same row.
pub(super) fn copy_row(to: &mut Gaussians, from: &Gaussians, row: usize) {
    to.mean_px[row] = from.mean_px[row];
    to.factor_px[row] = from.factor_px[row];
    to.color_of_mut(row).copy_from_slice(from.color_of(row));
}
