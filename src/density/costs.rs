//! What the picture loses with a Gaussian.

use crate::backend::GEOMETRY_MOMENTS;
use crate::blend::SquaredWeights;
use crate::gaussians::Gaussians;
use crate::image::Size;

/// What the costs are worked out from.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Moments of the squared error's gradient, `[N, C + 5]`.
    pub moments: &'a [f32],
    /// Moments of the coverage and squares of the weights, where the blend is normalized.
    pub normalized: Option<(&'a [f32], &'a SquaredWeights)>,
    /// What the gradient was multiplied by, compared with half the sum of squared differences.
    pub weight: f32,
    /// Size of the picture.
    pub size: Size,
}

/// What is left of a weight `w` in a normalized picture grows to `w / (1 - w)` when the Gaussian
/// goes, for its neighbours must fill its place; this is about that factor.
const GAP: f32 = 2.0;

/// By how much half the sum of squared differences rises when each Gaussian alone is removed,
/// `[N]`; negative where the picture is better without it.
///
/// With the additive blend it is `-c.s + |c|^2 m / 2`, `s_c = <g, residual_c>` the colour's
/// gradient and `m = pi |det L|` the mass: exact for Gaussians inside the picture, up to the sum
/// over pixels taken as an integral. With the normalized blend the same form holds for the
/// weights, up to what the neighbours make of the gap.
pub fn removal(gaussians: &Gaussians, evidence: &Evidence<'_>) -> Vec<f32> {
    let stride = gaussians.channels() + GEOMETRY_MOMENTS;
    let rows = evidence.moments.chunks_exact(stride).enumerate();
    rows.map(|(index, moments)| {
        let color = gaussians.color_of(index);
        let slope: f32 = color.iter().zip(moments).map(|(c, s)| c * s).sum();
        let cost = match evidence.normalized {
            None => {
                let [a, b, c, d] = gaussians.factor_px[index];
                let mass = std::f32::consts::PI * (a * d - b * c).abs();
                let square: f32 = color.iter().map(|c| c * c).sum();
                -slope / evidence.weight + 0.5 * square * mass
            }
            Some((coverage, squares)) => {
                let slope = slope + coverage[index];
                let square = squares.mass[index] * squares.energy[index];
                -GAP * slope / evidence.weight + 0.5 * GAP * GAP * square
            }
        };
        let [x, y] = gaussians.mean_px[index];
        let size = evidence.size;
        let inside = x >= 0.0 && y >= 0.0 && x < size.width as f32 && y < size.height as f32;
        // Most of the mass of one outside lies where nobody looks.
        if inside { cost } else { cost.min(0.0) }
    })
    .collect()
}
