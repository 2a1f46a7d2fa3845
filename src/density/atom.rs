//! A new Gaussian at a peak of the residual, of the shape and with the colours that help most.

use super::Scene;
use super::exchange::{self, Exchange};
use super::peaks::Peak;
use super::shape::Shape;
use crate::blend::SquaredWeights;

/// Ratio of the standard deviations of what is tried in every direction, and of what is tried in
/// the best of them.
const ASPECT: f32 = 2.0;
const LARGE_ASPECT: f32 = 3.5;
const DIRECTIONS: usize = 6;

/// Smallest standard deviation in pixels.
const SMALLEST_SIGMA_PX: f32 = 0.4;

/// Side of the cells by which new Gaussians are ordered, in pixels.
const CELL_PX: f32 = 64.0;

/// A new Gaussian.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub mean_px: [f32; 2],
    pub factor_px: [f32; 4],
    /// `[C]`.
    pub color: Vec<f32>,
    /// Its sums over the squares of its weight, see [`SquaredWeights::push`].
    sums: Vec<f32>,
}

impl Atom {
    /// The best of a few shapes at `peak`, round and stretched, each with the colours that lower
    /// the squared error most; and what it promises.
    pub(super) fn at(scene: &Scene<'_>, peak: &Peak) -> Option<(f32, Self)> {
        let at = |factor_px| [Shape { mean_px: peak.mean_px, factor_px }];
        let round = [peak.sigma_px, 0.0, 0.0, peak.sigma_px];
        let directions = (0..DIRECTIONS).map(|direction| direction as f32 / DIRECTIONS as f32);
        let angles = directions.map(|share| std::f32::consts::PI * share);
        let ellipses = angles.map(|angle| stretched(peak.sigma_px, ASPECT, angle));
        let mut best = exchange::best(scene, [], std::iter::once(round).chain(ellipses).map(at))?;
        let [Shape { factor_px: [cosine, _, sine, _], .. }] = best.shapes;
        if best.shapes != at(round) {
            let longer = stretched(peak.sigma_px, LARGE_ASPECT, sine.atan2(cosine));
            let longer = exchange::best(scene, [], [at(longer)])?;
            if longer.promise > best.promise {
                best = longer;
            }
        }
        // It adds to what covers its pixels.
        let [atom] = Self::of(scene, &best, |share| share / (1.0 + share));
        Some((best.promise, atom))
    }

    /// Gaussians that cover what others covered.
    pub(super) fn in_place<const NEW: usize>(
        scene: &Scene<'_>,
        exchange: &Exchange<NEW>,
    ) -> [Self; NEW] {
        Self::of(scene, exchange, |share| share)
    }

    /// `weight` makes the weight of a share `g / W` of the old coverage.
    fn of<const NEW: usize>(
        scene: &Scene<'_>,
        exchange: &Exchange<NEW>,
        weight: impl Fn(f32) -> f32,
    ) -> [Self; NEW] {
        let channels = scene.residual.channels();
        std::array::from_fn(|k| {
            let shape @ Shape { mean_px, factor_px } = exchange.shapes[k];
            let mut sums = vec![0.0; channels + 2];
            match scene.normalized {
                None => sums[0] = exchange.masses[k],
                Some(drawn) => shape.for_each_pixel(scene.residual.size(), |place, g| {
                    let square = weight(g * drawn.inverse[place]).powi(2);
                    sums[0] += square;
                    for channel in 0..channels {
                        let value = drawn.picture.plane(channel)[place];
                        sums[1 + channel] += square * value;
                        sums[1 + channels] += square * value * value;
                    }
                }),
            }
            Self { mean_px, factor_px, color: exchange.colors[k][..channels].to_vec(), sums }
        })
    }

    pub(super) fn shape(&self) -> Shape {
        Shape { mean_px: self.mean_px, factor_px: self.factor_px }
    }

    /// The cell of the picture that it lies in, row and column: neighbours on the picture should
    /// be neighbours in memory, so that what they read is in the cache.
    pub(super) fn cell(&self) -> [u32; 2] {
        let [x, y] = self.mean_px;
        [y, x].map(|place| (place / CELL_PX) as u32)
    }

    /// Appends the row of the new Gaussian.
    pub(super) fn push_to(&self, squares: &mut SquaredWeights) {
        squares.push(&self.sums, &self.color);
    }
}

/// The factor of a stretched shape of the area of a round one.
fn stretched(sigma_px: f32, aspect: f32, angle: f32) -> [f32; 4] {
    let along = (sigma_px * aspect.sqrt()).max(SMALLEST_SIGMA_PX);
    let across = (sigma_px / aspect.sqrt()).max(SMALLEST_SIGMA_PX);
    let (sine, cosine) = angle.sin_cos();
    [cosine * along, -sine * across, sine * along, cosine * across]
}
