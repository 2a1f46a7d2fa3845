//! A new Gaussian at a peak of the residual, of the shape and with the colours that help most.

use super::Scene;
use super::peaks::Peak;
use super::probe::{self, Probe, Shape};
use crate::blend::SquaredWeights;
use crate::gaussians::SUPPORT_Q;

/// Standard deviations that are tried, as multiples of the peak's.
const SIZES: [f32; 1] = [1.0];

/// Ratios of the standard deviations that are tried, and directions for each.
const ASPECTS: [f32; 2] = [2.0, 3.5];
const DIRECTIONS: usize = 6;

/// Smallest standard deviation in pixels.
const SMALLEST_SIGMA_PX: f32 = 0.4;

/// A Gaussian that would lower the squared error.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub mean_px: [f32; 2],
    pub factor_px: [f32; 4],
    /// `[C]`.
    pub color: Vec<f32>,
    /// How much it would lower half the sum of squared differences.
    pub gain: f32,
    /// Its sums over the squares of its weight, see [`SquaredWeights::push`].
    pub sums: Vec<f32>,
}

impl Atom {
    /// The best of a few shapes at `peak`, round and stretched, each with the colours that lower
    /// the squared error most, in closed form over the pixels of its support.
    ///
    /// With the additive blend its weight is `g`; with the normalized one `w = g / (W + g)`, and
    /// it draws the picture `I` by `w (c - I)`.
    pub(super) fn at(scene: &Scene<'_>, peak: &Peak) -> Self {
        let shapes =
            factors(peak.sigma_px).map(|factor_px| Shape { mean_px: peak.mean_px, factor_px });
        let round = [peak.sigma_px, 0.0, 0.0, peak.sigma_px];
        let (shape, probe) = probe::best(scene, shapes)
            .unwrap_or((Shape { mean_px: peak.mean_px, factor_px: round }, Probe::default()));
        let sums = shape.squares(scene, probe.mass);
        let mass = probe.mass.max(f32::MIN_POSITIVE);
        let pulls = probe.pulls.iter().zip(&sums[1..sums.len() - 1]);
        let color = pulls.map(|(pull, under)| (under - pull) / mass).collect();
        let Shape { mean_px, factor_px } = shape;
        Self { mean_px, factor_px, color, gain: probe.gain(), sums }
    }

    /// Appends the row of the new Gaussian.
    pub(super) fn push_to(&self, squares: &mut SquaredWeights) {
        squares.push(&self.sums, &self.color);
    }
}

/// Factors of the shapes that are tried.
fn factors(sigma_px: f32) -> impl Iterator<Item = [f32; 4]> {
    SIZES.into_iter().flat_map(move |size| {
        let sigma_px = size * sigma_px;
        std::iter::once([sigma_px, 0.0, 0.0, sigma_px]).chain(stretched(sigma_px))
    })
}

/// Factors of the stretched shapes, of the area of a round one.
fn stretched(sigma_px: f32) -> impl Iterator<Item = [f32; 4]> {
    ASPECTS.into_iter().flat_map(move |aspect: f32| {
        let along = (sigma_px * aspect.sqrt()).max(SMALLEST_SIGMA_PX);
        let across = (sigma_px / aspect.sqrt()).max(SMALLEST_SIGMA_PX);
        (0..DIRECTIONS).map(move |direction| {
            let angle = std::f32::consts::PI * direction as f32 / DIRECTIONS as f32;
            let (sine, cosine) = angle.sin_cos();
            [cosine * along, -sine * across, sine * along, cosine * across]
        })
    })
}

impl Shape {
    /// Sums of `w^2`, `w^2 I_c` and `w^2 |I|^2`, the first being known.
    fn squares(&self, scene: &Scene<'_>, mass: f32) -> Vec<f32> {
        let channels = scene.residual.channels();
        let mut sums = vec![0.0; channels + 2];
        sums[0] = mass;
        let Some(drawn) = scene.normalized else { return sums };
        for_each_pixel(scene, self.mean_px, self.factor_px, |place, g| {
            let share = g * drawn.inverse[place];
            let weight = share / (1.0 + share);
            for channel in 0..channels {
                let value = drawn.picture.plane(channel)[place];
                sums[1 + channel] += weight * weight * value;
                sums[1 + channels] += weight * weight * value * value;
            }
        });
        sums
    }
}

/// Calls `each` with the pixels inside the support: place and value.
fn for_each_pixel(
    scene: &Scene<'_>,
    [x0, y0]: [f32; 2],
    [a, b, c, d]: [f32; 4],
    mut each: impl FnMut(usize, f32),
) {
    let size = scene.residual.size();
    let range = |center: f32, reach: f32, length: usize| {
        let from = (center - reach).max(0.0) as usize;
        from..((center + reach + 1.0).max(0.0) as usize).min(length)
    };
    let radius = SUPPORT_Q.sqrt();
    let determinant = a * d - b * c;
    for y in range(y0, radius * c.hypot(d), size.height) {
        for x in range(x0, radius * a.hypot(b), size.width) {
            let (dx, dy) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
            let (u, v) = ((d * dx - b * dy) / determinant, (a * dy - c * dx) / determinant);
            let q = u * u + v * v;
            if q <= SUPPORT_Q {
                each(y * size.width + x, (-0.5 * q).exp());
            }
        }
    }
}
