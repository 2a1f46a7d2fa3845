//! What one more Gaussian of a given shape would do, in vectors of pixels.

use std::ops::Range;

use pulp::{Arch, WithSimd};

use super::Scene;
use crate::gaussians::SUPPORT_Q;

/// Pixels worked on at once: one register or a few. The sums are kept one for each of them, so
/// that they come out the same on every machine.
const LANES: usize = 16;

/// Most channels of a picture.
const MAX_CHANNELS: usize = 4;

/// `exp(-q / 2) = 2^(q EXPONENT_PER_Q)`.
const EXPONENT_PER_Q: f32 = -0.5 * std::f32::consts::LOG2_E;

/// 1.5 * 2^23: adding it rounds a small number to an integer, which the low bits then hold.
const ROUNDING: f32 = 12_582_912.0;

/// Taylor coefficients of `2^f`, highest power first; 4e-5 off on `[-1/2, 1/2]`, which is enough
/// to compare shapes.
const POWER_OF_TWO: [f32; 4] = [0.009_618_129, 0.055_504_11, 0.240_226_51, std::f32::consts::LN_2];

/// Where a new Gaussian is, and its factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub mean_px: [f32; 2],
    pub factor_px: [f32; 4],
}

/// A new Gaussian against the residual. Its weight `w` is `g`, and `g / (W + g)` where the blend
/// is normalized.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Probe {
    /// `sum w^2`.
    pub mass: f32,
    /// `sum w residual_c`.
    pub pulls: [f32; MAX_CHANNELS],
}

impl Probe {
    /// How much the best colour would lower half the sum of squared differences.
    pub fn gain(&self) -> f32 {
        let square: f32 = self.pulls.iter().map(|pull| pull * pull).sum();
        0.5 * square / self.mass.max(f32::MIN_POSITIVE)
    }
}

/// The shape that helps most, and what it does; the first of equals.
pub(super) fn best(
    scene: &Scene<'_>,
    shapes: impl IntoIterator<Item = Shape>,
) -> Option<(Shape, Probe)> {
    let search = Search { scene, shapes: shapes.into_iter() };
    let arch = Arch::new();
    match scene.residual.channels() {
        1 => arch.dispatch(WithChannels::<_, 1>(search)),
        3 => arch.dispatch(WithChannels::<_, 3>(search)),
        _ => arch.dispatch(WithChannels::<_, MAX_CHANNELS>(search)),
    }
}

struct Search<'a, Shapes> {
    scene: &'a Scene<'a>,
    shapes: Shapes,
}

struct WithChannels<'a, Shapes, const C: usize>(Search<'a, Shapes>);

impl<Shapes: Iterator<Item = Shape>, const C: usize> WithSimd for WithChannels<'_, Shapes, C> {
    type Output = Option<(Shape, Probe)>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Self::Output {
        let Search { scene, shapes } = self.0;
        let mut best: Option<(Shape, Probe)> = None;
        for shape in shapes {
            let probe = probe::<C>(scene, &shape);
            if best.is_none_or(|(_, best)| probe.gain() > best.gain()) {
                best = Some((shape, probe));
            }
        }
        best
    }
}

/// Lane by lane sums over the support.
#[inline(always)]
fn probe<const C: usize>(scene: &Scene<'_>, shape: &Shape) -> Probe {
    let channels = scene.residual.channels().min(C);
    let width = scene.residual.size().width;
    let mut mass = [0.0_f32; LANES];
    let mut pulls = [[0.0_f32; LANES]; C];
    for row in rows(scene, shape) {
        let mut x = row.columns.start;
        while x < row.columns.end {
            // The last vector of a row of pixels starts earlier; what was done is left out.
            let start = x.min(width.saturating_sub(LANES));
            let place = row.y * width + start;
            let mut weight = [0.0_f32; LANES];
            for (lane, weight) in weight.iter_mut().enumerate() {
                let dx = (start + lane) as f32 + row.dx_of_first;
                let q = (row.curvature * dx + row.slope) * dx + row.offset;
                let g = power_of_two(q.min(2.0 * SUPPORT_Q) * EXPONENT_PER_Q);
                let inside = q <= SUPPORT_Q && start + lane >= x;
                *weight = if inside { g } else { 0.0 };
            }
            if let Some(drawn) = scene.normalized {
                let inverse = lanes(&drawn.inverse, place);
                for (weight, inverse) in weight.iter_mut().zip(inverse) {
                    let share = *weight * inverse;
                    *weight = share / (1.0 + share);
                }
            }
            for (sum, weight) in mass.iter_mut().zip(weight) {
                *sum += weight * weight;
            }
            for (channel, pull) in pulls.iter_mut().enumerate().take(channels) {
                let residual = lanes(scene.residual.plane(channel), place);
                for lane in 0..LANES {
                    pull[lane] += weight[lane] * residual[lane];
                }
            }
            x = start + LANES;
        }
    }
    let mut probe = Probe { mass: mass.iter().sum(), ..Probe::default() };
    for (sum, pull) in probe.pulls.iter_mut().zip(&pulls) {
        *sum = pull.iter().sum();
    }
    probe
}

/// `LANES` values from `place` on, zeros behind the last.
#[inline(always)]
fn lanes(plane: &[f32], place: usize) -> [f32; LANES] {
    let rest = &plane[place..];
    if let Some(values) = rest.first_chunk() {
        return *values;
    }
    let mut values = [0.0; LANES];
    values[..rest.len()].copy_from_slice(rest);
    values
}

/// `2^x` for `x` from -126 to 0.
#[inline(always)]
fn power_of_two(x: f32) -> f32 {
    let rounded = x + ROUNDING;
    let f = x - (rounded - ROUNDING);
    let power = POWER_OF_TWO.iter().fold(0.0, |power, coefficient| (power + coefficient) * f);
    f32::from_bits((power + 1.0).to_bits().wrapping_add(rounded.to_bits() << 23))
}

/// One row of pixels under a Gaussian: `q = curvature dx^2 + slope dx + offset`.
struct Row {
    y: usize,
    columns: Range<usize>,
    /// `dx` of column 0.
    dx_of_first: f32,
    curvature: f32,
    slope: f32,
    offset: f32,
}

/// The rows that a support meets.
#[inline(always)]
fn rows<'a>(scene: &'a Scene<'_>, shape: &Shape) -> impl Iterator<Item = Row> + 'a {
    let size = scene.residual.size();
    let ([x0, y0], [a, b, c, d]) = (shape.mean_px, shape.factor_px);
    let determinant = a * d - b * c;
    let scale = 1.0 / (determinant * determinant);
    // The inverse of the covariance.
    let (xx, xy, yy) = ((c * c + d * d) * scale, -(a * c + b * d) * scale, (a * a + b * b) * scale);
    let reach = SUPPORT_Q.sqrt();
    let rows = span(y0, reach * c.hypot(d), size.height);
    rows.map(move |y| {
        let dy = y as f32 + 0.5 - y0;
        let center = -xy * dy / xx;
        let left = (SUPPORT_Q - (yy - xy * xy / xx) * dy * dy).max(0.0);
        Row {
            y,
            columns: span(x0 + center, (left / xx).sqrt(), size.width),
            dx_of_first: 0.5 - x0,
            curvature: xx,
            slope: 2.0 * xy * dy,
            offset: yy * dy * dy,
        }
    })
}

/// Pixels whose centres may lie within `reach` of `center`.
#[inline(always)]
fn span(center: f32, reach: f32, length: usize) -> Range<usize> {
    let from = (center - reach).max(0.0) as usize;
    from..((center + reach + 1.0).max(0.0) as usize).min(length)
}
