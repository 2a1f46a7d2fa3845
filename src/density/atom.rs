//! A new Gaussian at a peak of the residual, with the colours that help most.

use super::Scene;
use super::peaks::Peak;
use crate::blend::SquaredWeights;
use crate::gaussians::SUPPORT_Q;

/// The colours, `[C]`, that lower the squared error most for a round Gaussian at `peak`, in
/// closed form over the pixels of its support; its row is appended to `squares`.
///
/// With the additive blend its weight is `g`; with the normalized one `w = g / (W + g)`, and it
/// draws the picture `I` by `w (c - I)`.
pub(super) fn color(scene: &Scene<'_>, peak: &Peak, squares: &mut SquaredWeights) -> Vec<f32> {
    let channels = scene.residual.channels();
    // Sums of w^2, w^2 I_c and w^2 |I|^2, and of w times the residual.
    let mut sums = vec![0.0; channels + 2];
    let mut pulls = vec![0.0; channels];
    for_each_pixel(scene, peak, |x, y, g| {
        let place = y * scene.residual.size().width + x;
        let weight = scene.normalized.map_or(g, |drawn| {
            let share = g * drawn.inverse[place];
            share / (1.0 + share)
        });
        let square = weight * weight;
        sums[0] += square;
        for (channel, pull) in pulls.iter_mut().enumerate() {
            *pull += weight * scene.residual.at(channel, x, y);
            let under = scene.normalized.map_or(0.0, |drawn| drawn.picture.plane(channel)[place]);
            sums[1 + channel] += square * under;
            sums[1 + channels] += square * under * under;
        }
    });
    let mass = sums[0].max(f32::MIN_POSITIVE);
    let under = &sums[1..=channels];
    let color: Vec<f32> = pulls.iter().zip(under).map(|(pull, u)| (u - pull) / mass).collect();
    squares.push(&sums, &color);
    color
}

/// Calls `each` with the pixels inside the support and the Gaussian's value there.
fn for_each_pixel(scene: &Scene<'_>, peak: &Peak, mut each: impl FnMut(usize, usize, f32)) {
    let size = scene.residual.size();
    let reach = (SUPPORT_Q.sqrt() * peak.sigma_px).ceil();
    let range = |center: f32, length: usize| {
        let from = (center - reach).max(0.0) as usize;
        from..((center + reach + 1.0).max(0.0) as usize).min(length)
    };
    let [x0, y0] = peak.mean_px;
    let falloff = -0.5 / (peak.sigma_px * peak.sigma_px);
    for y in range(y0, size.height) {
        for x in range(x0, size.width) {
            let (dx, dy) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
            let exponent = falloff * (dx * dx + dy * dy);
            if -2.0 * exponent <= SUPPORT_Q {
                each(x, y, exponent.exp());
            }
        }
    }
}
