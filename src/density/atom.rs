//! A new Gaussian at a peak of the residual, of the shape and with the colours that help most.

use std::f32::consts::PI;

use super::Scene;
use super::peaks::Peak;
use crate::blend::SquaredWeights;
use crate::gaussians::SUPPORT_Q;

/// Sizes that are tried, as factors on the peak's.
const SIZES: [f32; 3] = [0.7, 1.0, 1.4];

/// Ratios of the standard deviations that are tried, and directions for those above 1.
const ASPECTS: [f32; 3] = [1.0, 2.0, 3.5];
const DIRECTIONS: usize = 6;

/// Smallest standard deviation that is tried, in pixels.
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
    /// The best of a fixed set of sizes, aspects and directions at `peak`, each with the colours
    /// that lower the squared error most, in closed form over the pixels of its support.
    ///
    /// With the additive blend its weight is `g`; with the normalized one `w = g / (W + g)`, and
    /// it draws the picture `I` by `w (c - I)`.
    pub(super) fn at(scene: &Scene<'_>, peak: &Peak) -> Self {
        let mut best: Option<Self> = None;
        for factor_px in shapes(peak.sigma_px) {
            let atom = Self::with_shape(scene, peak.mean_px, factor_px);
            if best.as_ref().is_none_or(|best| atom.gain > best.gain) {
                best = Some(atom);
            }
        }
        let round = [peak.sigma_px, 0.0, 0.0, peak.sigma_px];
        best.unwrap_or_else(|| Self::with_shape(scene, peak.mean_px, round))
    }

    fn with_shape(scene: &Scene<'_>, mean_px: [f32; 2], factor_px: [f32; 4]) -> Self {
        let channels = scene.residual.channels();
        // Sums of w^2, w^2 I_c and w^2 |I|^2, and of w times the residual.
        let mut sums = vec![0.0; channels + 2];
        let mut pulls = vec![0.0; channels];
        for_each_pixel(scene, mean_px, factor_px, |place, g| {
            let weight = scene.normalized.map_or(g, |drawn| {
                let share = g * drawn.inverse[place];
                share / (1.0 + share)
            });
            let square = weight * weight;
            sums[0] += square;
            for (channel, pull) in pulls.iter_mut().enumerate() {
                *pull += weight * scene.residual.plane(channel)[place];
                let under =
                    scene.normalized.map_or(0.0, |drawn| drawn.picture.plane(channel)[place]);
                sums[1 + channel] += square * under;
                sums[1 + channels] += square * under * under;
            }
        });
        let mass = sums[0].max(f32::MIN_POSITIVE);
        let gain = 0.5 * pulls.iter().map(|pull| pull * pull).sum::<f32>() / mass;
        let under = &sums[1..=channels];
        let color = pulls.iter().zip(under).map(|(pull, under)| (under - pull) / mass).collect();
        Self { mean_px, factor_px, color, gain, sums }
    }

    /// Appends the row of the new Gaussian.
    pub(super) fn push_to(&self, squares: &mut SquaredWeights) {
        squares.push(&self.sums, &self.color);
    }
}

/// Factors of the shapes that are tried around a standard deviation.
fn shapes(sigma_px: f32) -> impl Iterator<Item = [f32; 4]> {
    SIZES.into_iter().flat_map(move |size| {
        ASPECTS.into_iter().flat_map(move |aspect| {
            let directions = if aspect == 1.0 { 1 } else { DIRECTIONS };
            (0..directions).map(move |direction| {
                let (sine, cosine) = (PI * direction as f32 / DIRECTIONS as f32).sin_cos();
                let root = aspect.sqrt();
                let along = (sigma_px * size * root).max(SMALLEST_SIGMA_PX);
                let across = (sigma_px * size / root).max(SMALLEST_SIGMA_PX);
                [cosine * along, -sine * across, sine * along, cosine * across]
            })
        })
    })
}

/// Calls `each` with the places of the pixels inside the support and the Gaussian's values there.
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
