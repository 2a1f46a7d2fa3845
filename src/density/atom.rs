//! A new Gaussian at a peak of the residual, of the shape and with the colours that help most.

use super::Scene;
use super::peaks::Peak;
use crate::blend::SquaredWeights;
use crate::gaussians::SUPPORT_Q;

/// Smallest and largest standard deviation of a new shape, as factors on the peak's.
const SCALES: [f32; 2] = [0.5, 2.5];

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
    /// Its weight times the residual, summed, `[C]`.
    pulls: Vec<f32>,
}

impl Atom {
    /// The better of the round Gaussian at `peak` and one of the residual's own shape there, each
    /// with the colours that lower the squared error most, in closed form over the pixels of its
    /// support.
    ///
    /// With the additive blend its weight is `g`; with the normalized one `w = g / (W + g)`, and
    /// it draws the picture `I` by `w (c - I)`.
    pub(super) fn at(scene: &Scene<'_>, peak: &Peak) -> Self {
        let round = Self::with_shape(scene, peak.mean_px, round(peak.sigma_px));
        let Some(factor_px) = round.shape_of_residual(scene, peak) else { return round };
        let stretched = Self::with_shape(scene, peak.mean_px, factor_px);
        if stretched.gain > round.gain { stretched } else { round }
    }

    fn with_shape(scene: &Scene<'_>, mean_px: [f32; 2], factor_px: [f32; 4]) -> Self {
        let channels = scene.residual.channels();
        // Sums of w^2, w^2 I_c and w^2 |I|^2, and of w times the residual.
        let mut sums = vec![0.0; channels + 2];
        let mut pulls = vec![0.0; channels];
        for_each_pixel(scene, mean_px, factor_px, |place, _, g| {
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
        Self { mean_px, factor_px, color, gain, sums, pulls }
    }

    /// The factor of a Gaussian residual that would have the second moments which this one has
    /// under the round window `g`: with `M = sum g r d d^T / sum g r`, `r` the residual along the
    /// pull, it is `(M^-1 - I / s^2)^-1`. `None` where there is no such shape.
    fn shape_of_residual(&self, scene: &Scene<'_>, peak: &Peak) -> Option<[f32; 4]> {
        let (mut total, mut moments) = (0.0, [0.0; 3]);
        for_each_pixel(scene, self.mean_px, self.factor_px, |place, [dx, dy], g| {
            let along: f32 = self
                .pulls
                .iter()
                .enumerate()
                .map(|(channel, pull)| pull * scene.residual.plane(channel)[place])
                .sum();
            let weight = g * along;
            total += weight;
            for (sum, product) in moments.iter_mut().zip([dx * dx, dx * dy, dy * dy]) {
                *sum += weight * product;
            }
        });
        let window = peak.sigma_px * peak.sigma_px;
        let [a, b, c] = moments.map(|sum| sum / (total * window));
        let (middle, half) = (0.5 * (a + c), (0.5 * (a - c)).hypot(b));
        let deviation = |value: f32| {
            // Where the residual is wider than the window can tell, the window's limit holds.
            let variance = if value < 1.0 { value / (1.0 - value) } else { f32::INFINITY };
            let scale = variance.sqrt().clamp(SCALES[0], SCALES[1]);
            (scale * peak.sigma_px).max(SMALLEST_SIGMA_PX)
        };
        let values = [middle + half, middle - half];
        if !values.iter().all(|value| *value > 0.0) {
            return None;
        }
        let [along, across] = values.map(deviation);
        let (sine, cosine) = (0.5 * f32::atan2(2.0 * b, a - c)).sin_cos();
        Some([cosine * along, -sine * across, sine * along, cosine * across])
    }

    /// Appends the row of the new Gaussian.
    pub(super) fn push_to(&self, squares: &mut SquaredWeights) {
        squares.push(&self.sums, &self.color);
    }
}

fn round(sigma_px: f32) -> [f32; 4] {
    [sigma_px, 0.0, 0.0, sigma_px]
}

/// Calls `each` with the pixels inside the support: place, offset from the mean, value.
fn for_each_pixel(
    scene: &Scene<'_>,
    [x0, y0]: [f32; 2],
    [a, b, c, d]: [f32; 4],
    mut each: impl FnMut(usize, [f32; 2], f32),
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
                each(y * size.width + x, [dx, dy], (-0.5 * q).exp());
            }
        }
    }
}
