//! A new Gaussian at a peak of the residual, of the shape and with the colours that help most.

use super::Scene;
use super::peaks::Peak;
use crate::blend::SquaredWeights;
use crate::gaussians::SUPPORT_Q;

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
        let sigma_px = peak.sigma_px;
        let round = Self::with_shape(scene, peak.mean_px, [sigma_px, 0.0, 0.0, sigma_px]);
        stretched(sigma_px).fold(round, |best, factor_px| {
            let atom = Self::with_shape(scene, peak.mean_px, factor_px);
            if atom.gain > best.gain { atom } else { best }
        })
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

/// Factors of the stretched shapes that are tried, of the area of a round one.
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
