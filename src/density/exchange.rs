//! What the picture gains when some Gaussians are exchanged for others.
//!
//! Everything that density control does is one exchange or another: nothing for one is a
//! placement, one for nothing a removal, two for one a merge, one for two a split. Each is
//! measured over the pixels that it touches, exactly, with the new colours that are best.

use pulp::{Arch, Simd, WithSimd};

use super::Scene;
use super::shape::{Row, Shape};
use crate::gaussian_values;
use crate::gaussians::Gaussians;

/// Pixels worked on at once: one register or a few. Sums are kept one for each of them, so that
/// they come out the same on every machine.
const LANES: usize = 16;

/// Most channels of a picture.
const MAX_CHANNELS: usize = 4;

/// What is taken away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    shape: Shape,
    color: [f32; MAX_CHANNELS],
}

impl Taken {
    pub fn of(gaussians: &Gaussians, index: usize) -> Self {
        let mut color = [0.0; MAX_CHANNELS];
        for (to, from) in color.iter_mut().zip(gaussians.color_of(index)) {
            *to = *from;
        }
        Self { shape: Shape::of(gaussians, index), color }
    }
}

/// What an exchange that brings `NEW` Gaussians does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange<const NEW: usize> {
    pub shapes: [Shape; NEW],
    /// The best colours.
    pub colors: [[f32; MAX_CHANNELS]; NEW],
    /// `sum w^2` of each, `w = g` or, with the normalized blend, `g / W`.
    pub masses: [f32; NEW],
    /// By how much half the sum of squared differences falls.
    pub gain: f32,
    /// By how much it would fall if the picture under the new ones were flat. What is not flat
    /// there is hidden by an average, and drawn again by those around in the next steps: this is
    /// what a placement comes to.
    pub promise: f32,
}

/// The exchange of `taken` for one of `choices` that gains most, a placement the one that
/// promises most; the first of equals.
pub(super) fn best<const OLD: usize, const NEW: usize>(
    scene: &Scene<'_>,
    taken: [Taken; OLD],
    choices: impl IntoIterator<Item = [Shape; NEW]>,
) -> Option<Exchange<NEW>> {
    let choices = choices.into_iter();
    let arch = Arch::new();
    match scene.residual.channels() {
        1 => arch.dispatch(Search::<_, 1, OLD, NEW> { scene, taken, choices }),
        3 => arch.dispatch(Search::<_, 3, OLD, NEW> { scene, taken, choices }),
        _ => arch.dispatch(Search::<_, MAX_CHANNELS, OLD, NEW> { scene, taken, choices }),
    }
}

struct Search<'a, Choices, const C: usize, const OLD: usize, const NEW: usize> {
    scene: &'a Scene<'a>,
    taken: [Taken; OLD],
    choices: Choices,
}

impl<Choices, const C: usize, const OLD: usize, const NEW: usize> WithSimd
    for Search<'_, Choices, C, OLD, NEW>
where
    Choices: Iterator<Item = [Shape; NEW]>,
{
    type Output = Option<Exchange<NEW>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let mut best: Option<Exchange<NEW>> = None;
        for shapes in self.choices {
            let exchange = Sums::<C, NEW>::of(self.scene, &self.taken, &shapes).solve(shapes);
            let merit =
                |exchange: &Exchange<NEW>| if OLD == 0 { exchange.promise } else { exchange.gain };
            if best.is_none_or(|best| merit(&exchange) > merit(&best)) {
                best = Some(exchange);
            }
        }
        best
    }
}

type Lanes = [f32; LANES];

/// Sums over the pixels that are touched. `y` is what the new Gaussians have to draw: what is
/// wanted minus what is left when the old ones are gone. `w` are their weights.
struct Sums<const C: usize, const NEW: usize> {
    /// Squares of the residual minus those of `y`.
    relief: Lanes,
    /// `w_k w_l`.
    gram: [[Lanes; NEW]; NEW],
    /// `w_k y_c`.
    pulls: [[Lanes; C]; NEW],
    /// `w_k residual_c`.
    residual_pulls: [[Lanes; C]; NEW],
}

impl<const C: usize, const NEW: usize> Sums<C, NEW> {
    #[inline(always)]
    fn of<const OLD: usize>(
        scene: &Scene<'_>,
        taken: &[Taken; OLD],
        shapes: &[Shape; NEW],
    ) -> Self {
        let zero = [0.0; LANES];
        let mut sums = Self {
            relief: zero,
            gram: [[zero; NEW]; NEW],
            pulls: [[zero; C]; NEW],
            residual_pulls: [[zero; C]; NEW],
        };
        let size = scene.residual.size();
        let all = taken.iter().map(|taken| taken.shape).chain(*shapes);
        let rows = all.map(|shape| shape.rows(size)).reduce(|a, b| hull(&a, &b));
        for y in rows.unwrap_or_default() {
            let old: [Row; OLD] = std::array::from_fn(|k| taken[k].shape.row(y, size));
            let new: [Row; NEW] = std::array::from_fn(|k| shapes[k].row(y, size));
            let columns = old.iter().chain(&new).map(|row| row.columns.clone());
            let columns = columns.reduce(|a, b| hull(&a, &b)).unwrap_or_default();
            let mut x = columns.start;
            while x < columns.end {
                // The last vector of a row of pixels starts earlier; what was done is left out.
                let start = x.min(size.width.saturating_sub(LANES));
                let old = std::array::from_fn(|k| weights(&old[k], start, x));
                let new = std::array::from_fn(|k| weights(&new[k], start, x));
                sums.add(scene, taken, y * size.width + start, old, new);
                x = start + LANES;
            }
        }
        sums
    }

    #[inline(always)]
    fn add<const OLD: usize>(
        &mut self,
        scene: &Scene<'_>,
        taken: &[Taken; OLD],
        place: usize,
        mut old: [Lanes; OLD],
        mut new: [Lanes; NEW],
    ) {
        // How much of the picture is left under another coverage.
        let mut left = [1.0; LANES];
        if let Some(drawn) = scene.normalized {
            let inverse = lanes(&drawn.inverse, place);
            for lane in 0..LANES {
                let gone: f32 = old.iter().map(|weights| weights[lane]).sum();
                let come: f32 = new.iter().map(|weights| weights[lane]).sum();
                let share = 1.0 + (come - gone) * inverse[lane];
                left[lane] = 1.0 / share.max(1e-3);
                let scale = inverse[lane] * left[lane];
                for weights in old.iter_mut().chain(&mut new) {
                    weights[lane] *= scale;
                }
            }
        }
        for (k, of_k) in self.gram.iter_mut().enumerate() {
            for (l, sum) in of_k.iter_mut().enumerate().skip(k) {
                for lane in 0..LANES {
                    sum[lane] += new[k][lane] * new[l][lane];
                }
            }
        }
        for channel in 0..C.min(scene.residual.channels()) {
            let residual = lanes(scene.residual.plane(channel), place);
            let mut y = residual.map(|value| -value);
            if let Some(drawn) = scene.normalized {
                let picture = lanes(drawn.picture.plane(channel), place);
                for lane in 0..LANES {
                    y[lane] += picture[lane] * (1.0 - left[lane]);
                }
            }
            for (weights, taken) in old.iter().zip(taken) {
                for lane in 0..LANES {
                    y[lane] += taken.color[channel] * weights[lane];
                }
            }
            for lane in 0..LANES {
                self.relief[lane] += residual[lane] * residual[lane] - y[lane] * y[lane];
            }
            for (weights, pulls) in new.iter().zip(&mut self.pulls) {
                for lane in 0..LANES {
                    pulls[channel][lane] += weights[lane] * y[lane];
                }
            }
            for (weights, pulls) in new.iter().zip(&mut self.residual_pulls) {
                for lane in 0..LANES {
                    pulls[channel][lane] += weights[lane] * residual[lane];
                }
            }
        }
    }

    /// The best colours, by least squares.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "arrays of channels share the index")]
    fn solve(&self, shapes: [Shape; NEW]) -> Exchange<NEW> {
        let total = |lanes: &Lanes| lanes.iter().sum::<f32>();
        let mut gain = 0.5 * total(&self.relief);
        let mut colors = [[0.0; MAX_CHANNELS]; NEW];
        let mut masses = [0.0; NEW];
        for (k, mass) in masses.iter_mut().enumerate() {
            *mass = total(&self.gram[k][k]);
        }
        for channel in 0..C {
            let pulls: [f32; NEW] = std::array::from_fn(|k| total(&self.pulls[k][channel]));
            let mut color = [0.0; NEW];
            if NEW == 1 {
                color[0] = pulls[0] / masses[0].max(f32::MIN_POSITIVE);
            } else if NEW == 2 {
                let cross = total(&self.gram[0][1]);
                let determinant = (masses[0] * masses[1] - cross * cross).max(f32::MIN_POSITIVE);
                color[0] = (masses[1] * pulls[0] - cross * pulls[1]) / determinant;
                color[1] = (masses[0] * pulls[1] - cross * pulls[0]) / determinant;
            }
            for k in 0..NEW {
                gain += 0.5 * color[k] * pulls[k];
                colors[k][channel] = color[k];
            }
        }
        let squares = self
            .residual_pulls
            .iter()
            .map(|pulls| pulls.iter().map(|lanes| total(lanes).powi(2)).sum::<f32>());
        let shares = squares.zip(masses).map(|(square, mass)| square / mass.max(f32::MIN_POSITIVE));
        let promise = 0.5 * shares.sum::<f32>();
        Exchange { shapes, colors, masses, gain, promise }
    }
}

fn hull(a: &std::ops::Range<usize>, b: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    if a.is_empty() {
        return b.clone();
    }
    if b.is_empty() {
        return a.clone();
    }
    a.start.min(b.start)..a.end.max(b.end)
}

/// `g` at the pixels from `start` on, zero outside the support and before `from`.
#[inline(always)]
fn weights(row: &Row, start: usize, from: usize) -> Lanes {
    let mut weights = [0.0; LANES];
    for (lane, weight) in weights.iter_mut().enumerate() {
        let dx = (start + lane) as f32 + row.first;
        let q = (row.curvature * dx + row.slope) * dx + row.offset;
        *weight = if start + lane >= from { gaussian_values::value(q) } else { 0.0 };
    }
    weights
}

/// `LANES` values from `place` on, zeros behind the last.
#[inline(always)]
fn lanes(plane: &[f32], place: usize) -> Lanes {
    let rest = &plane[place..];
    if let Some(values) = rest.first_chunk() {
        return *values;
    }
    let mut values = [0.0; LANES];
    values[..rest.len()].copy_from_slice(rest);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::oracle::Oracle;
    use crate::blend::Blend;
    use crate::image::{Image, Size};
    use crate::renderer::Renderer;

    const SIZE: Size = Size::new(37, 21);

    fn some_gaussians(channels: usize) -> Gaussians {
        let mut gaussians = Gaussians::empty(channels);
        for k in 0..60 {
            let [x, y, angle] = [7.3, 4.1, 1.7].map(|step| step * k as f32);
            let (sine, cosine) = angle.sin_cos();
            let (a, b) = (1.2 + 0.03 * k as f32, 3.1 - 0.02 * k as f32);
            let color: Vec<f32> = (0..channels).map(|c| (0.9 * (k + c) as f32).sin()).collect();
            let factor_px = [cosine * a, -sine * b, sine * a, cosine * b];
            gaussians.push([x % 37.0, y % 21.0], factor_px, &color);
        }
        gaussians
    }

    fn target(channels: usize) -> Image {
        let mut image = Image::zeros(SIZE, channels);
        let data = image.data_mut().iter_mut().enumerate();
        data.for_each(|(k, value)| *value = 0.5 + 0.4 * (0.13 * k as f32).sin());
        image
    }

    /// Half the squared error of `gaussians`, and what `each` makes of the scene.
    fn measure<T>(gaussians: &Gaussians, blend: Blend, each: impl Fn(&Scene<'_>) -> T) -> (f64, T) {
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, blend, SIZE);
        renderer.set(gaussians);
        let mut residual = renderer.render().unwrap();
        let target = target(gaussians.channels());
        residual.data_mut().iter_mut().zip(target.data()).for_each(|(v, wanted)| *v -= wanted);
        let scene = Scene { gaussians, residual: &residual, normalized: renderer.normalized() };
        let error = residual.data().iter().map(|v| 0.5 * f64::from(*v).powi(2)).sum();
        (error, each(&scene))
    }

    fn check<const OLD: usize, const NEW: usize>(taken: [usize; OLD], shapes: [Shape; NEW]) {
        for blend in [Blend::Additive, Blend::NORMALIZED] {
            for channels in [1, 3, 4] {
                let gaussians = some_gaussians(channels);
                let (before, exchange) = measure(&gaussians, blend, |scene| {
                    let taken = taken.map(|index| Taken::of(&gaussians, index));
                    best(scene, taken, [shapes]).unwrap()
                });
                let error_with = |colors: [[f32; MAX_CHANNELS]; NEW]| {
                    let mut after = gaussians.clone();
                    let keep: Vec<bool> = (0..after.len()).map(|k| !taken.contains(&k)).collect();
                    after.retain(&keep);
                    for (shape, color) in shapes.iter().zip(colors) {
                        after.push(shape.mean_px, shape.factor_px, &color[..channels]);
                    }
                    measure(&after, blend, |_| ()).0
                };
                let after = error_with(exchange.colors);
                let (gain, truly) = (f64::from(exchange.gain), before - after);
                let what = format!("{blend:?}, {channels} channels: {gain}, truly {truly}");
                assert!((gain - truly).abs() < 2e-3 * truly.abs().max(1.0), "{what}");
                for k in 0..NEW {
                    for change in [-0.02, 0.02] {
                        let mut colors = exchange.colors;
                        colors[k][0] += change;
                        assert!(error_with(colors) > after, "{what}: these colours are not best");
                    }
                }
            }
        }
    }

    #[test]
    fn an_exchange_gains_what_it_says_with_the_best_colours() {
        let shape = |x, y, factor_px| Shape { mean_px: [x, y], factor_px };
        let one = shape(17.2, 9.1, [2.0, 0.5, -0.3, 1.2]);
        let other = shape(19.0, 8.3, [1.0, 0.0, 0.4, 2.2]);
        let at_the_border = shape(36.5, 20.8, [1.5, 0.0, 0.0, 0.7]);
        check([], [one]);
        check([], [at_the_border]);
        check([], [one, other]);
        for index in [0, 13, 31, 59] {
            check([index], []);
            check([index], [one]);
            check([index], [one, other]);
            check([index, (index + 7) % 60], [other]);
        }
    }
}
