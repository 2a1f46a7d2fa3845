//! Scenes and comparisons for backends: random splats, the oracle's answer, and how far from it
//! an answer in float32 may be.
//!
//! Use with `#[path = "common/backend_scenes.rs"] mod backend_scenes;`.
#![allow(dead_code)]

use std::sync::Arc;

use lgi::backend::oracle::Oracle;
use lgi::backend::{Backend, GEOMETRY_MOMENTS, Splats};
use lgi::blend::{Blend, Normalized};
use lgi::gaussians::{Gaussians, SUPPORT_Q};
use lgi::image::{Image, Size};
use lgi::loss::Loss;

/// Splats this near to the edge of their support may be inside or outside of it, in `q`.
pub const EDGE_Q: f64 = 1e-3;

/// Largest error relative to the sum of the absolute values of what was added up.
pub const RELATIVE_TOLERANCE: f64 = 1e-5;

/// xorshift64*; the same numbers on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Uniform in `0..1`.
    pub fn unit(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in `low..high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    pub fn values(&mut self, count: usize, low: f32, high: f32) -> Vec<f32> {
        (0..count).map(|_| self.between(low, high)).collect()
    }
}

/// Standard deviations of a scene's splats in pixels, drawn log-uniformly.
#[derive(Clone, Copy)]
pub struct Sigmas {
    pub min_px: f32,
    pub max_px: f32,
}

/// As pictures have them.
pub const COMMON: Sigmas = Sigmas { min_px: 0.4, max_px: 9.0 };
/// Most of them fall between the pixels.
pub const TINY: Sigmas = Sigmas { min_px: 0.01, max_px: 0.4 };
/// Far larger than any picture.
pub const HUGE: Sigmas = Sigmas { min_px: 1e3, max_px: 1e6 };

/// Random splats; means lie up to a third of the picture outside of it.
pub fn random_splats(
    seed: u64,
    count: usize,
    channels: usize,
    size: Size,
    sigmas: Sigmas,
) -> Splats {
    let mut random = Random::new(seed);
    let mut gaussians = Gaussians::empty(channels);
    let (width, height) = (size.width as f32, size.height as f32);
    for _ in 0..count {
        let mean_px = [
            random.between(-0.3 * width, 1.3 * width),
            random.between(-0.3 * height, 1.3 * height),
        ];
        let [first, second] = [random.unit(), random.unit()]
            .map(|t| sigmas.min_px * (sigmas.max_px / sigmas.min_px).powf(t));
        let (sin, cos) = random.between(0.0, std::f32::consts::PI).sin_cos();
        let factor_px = [cos * first, -sin * second, sin * first, cos * second];
        let color = random.values(channels, -1.0, 1.0);
        gaussians.push(mean_px, factor_px, &color);
    }
    Splats::new(&gaussians)
}

/// A gradient image, tangent or target of random values.
pub fn random_image(seed: u64, size: Size, channels: usize) -> Image {
    let values = Random::new(seed).values(size.pixels() * channels, -1.0, 1.0);
    Image::from_planar(size, channels, values).expect("the count is right")
}

/// A tangent `[N, C + 5]`, whose geometric part is small for far pixels.
pub fn random_tangent(seed: u64, splats: &Splats) -> Vec<f32> {
    let mut random = Random::new(seed);
    let mut tangent = Vec::new();
    for index in 0..splats.len() {
        tangent.extend(random.values(splats.channels, -1.0, 1.0));
        let [reach_x, reach_y] = splats.reach_px[index].map(|reach| reach.max(1.0));
        let scales = [reach_x, reach_y, reach_x * reach_x, reach_x * reach_y, reach_y * reach_y];
        tangent.extend(scales.map(|scale| random.between(-1.0, 1.0) / scale));
    }
    tangent
}

/// One splat at one pixel, also a little outside of its support.
struct Sample {
    splat: usize,
    x: usize,
    y: usize,
    g: f64,
    /// `dx, dy, dx^2, dx dy, dy^2`.
    products: [f64; GEOMETRY_MOMENTS],
    /// Whether rounding may decide if the pixel belongs to the splat.
    at_edge: bool,
}

fn for_each_sample(splats: &Splats, size: Size, mut visit: impl FnMut(Sample)) {
    for splat in 0..splats.len() {
        let [mean_x, mean_y] = splats.mean_px[splat].map(f64::from);
        let [a, b, c] = splats.conic[splat].map(f64::from);
        for y in 0..size.height {
            for x in 0..size.width {
                let (dx, dy) = (x as f64 + 0.5 - mean_x, y as f64 + 0.5 - mean_y);
                let q = a * dx * dx + 2.0 * b * dx * dy + c * dy * dy;
                let beyond = q - f64::from(SUPPORT_Q);
                if beyond < EDGE_Q {
                    let products = [dx, dy, dx * dx, dx * dy, dy * dy];
                    let at_edge = beyond > -EDGE_Q;
                    visit(Sample { splat, x, y, g: (-0.5 * q).exp(), products, at_edge });
                }
            }
        }
    }
}

/// An answer, what it may differ by, and the name of the number at an index.
fn assert_near(what: &str, actual: &[f32], expected: &[f64], allowed: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: number of values");
    for (i, ((actual, expected), allowed)) in actual.iter().zip(expected).zip(allowed).enumerate() {
        let error = (f64::from(*actual) - expected).abs();
        assert!(
            error <= *allowed,
            "{what}: value {i} is {actual}, the oracle says {expected}; off by {error:.3e}, \
             allowed {allowed:.3e} at a relative tolerance of {tolerance:.0e}"
        );
    }
}

/// Compares a derivative picture with the oracle's; give the colours as tangent for `render`.
pub fn assert_jvp_is_right(
    what: &str,
    actual: &Image,
    splats: &Splats,
    tangent: &[f32],
    size: Size,
    tolerance: f64,
) {
    let channels = splats.channels;
    let stride = splats.moments_per_splat();
    let tangent: Vec<f64> = tangent.iter().map(|v| f64::from(*v)).collect();
    let expected = Oracle.jvp_f64(splats, &tangent, size);
    let mut allowed = vec![1e-12; expected.len()];
    for_each_sample(splats, size, |sample| {
        let (color_tangent, geometry) =
            tangent[sample.splat * stride..][..stride].split_at(channels);
        let shape: f64 =
            geometry.iter().zip(sample.products).map(|(t, product)| (t * product).abs()).sum();
        for (channel, t) in color_tangent.iter().enumerate() {
            let color = f64::from(splats.color_of(sample.splat)[channel]);
            let size_of_term = sample.g * (t.abs() + (color * shape).abs());
            let share = if sample.at_edge { 1.0 } else { tolerance };
            allowed[(channel * size.height + sample.y) * size.width + sample.x] +=
                share * size_of_term;
        }
    });
    assert_near(what, actual.data(), &expected, &allowed, tolerance);
}

/// Compares a picture with the oracle's.
pub fn assert_picture_is_right(
    what: &str,
    actual: &Image,
    splats: &Splats,
    size: Size,
    tolerance: f64,
) {
    assert_jvp_is_right(what, actual, splats, &colors_as_tangent(splats), size, tolerance);
}

/// Compares moments `[N, C + 5]` with the oracle's.
pub fn assert_moments_are_right(
    what: &str,
    actual: &[f32],
    splats: &Splats,
    gradient: &Image,
    tolerance: f64,
) {
    let (channels, size) = (splats.channels, gradient.size());
    let stride = splats.moments_per_splat();
    let values: Vec<f64> = gradient.data().iter().map(|v| f64::from(*v)).collect();
    let expected = Oracle.vjp_f64(splats, &values, size);
    let mut allowed = vec![1e-12; expected.len()];
    for_each_sample(splats, size, |sample| {
        let share = sample.g * if sample.at_edge { 1.0 } else { tolerance };
        let allowed = &mut allowed[sample.splat * stride..][..stride];
        let mut h = 0.0;
        let mut largest = 0.0f64;
        for channel in 0..channels {
            let value = f64::from(gradient.at(channel, sample.x, sample.y)).abs();
            h += value * f64::from(splats.color_of(sample.splat)[channel]).abs();
            largest = largest.max(value);
        }
        // Errors count against the largest of the group: colour, position, shape.
        for value in &mut allowed[..channels] {
            *value += share * largest;
        }
        let [dx, dy, ..] = sample.products;
        let distance = dx.abs().max(dy.abs());
        for (i, value) in allowed[channels..].iter_mut().enumerate() {
            *value += share * h * if i < 2 { distance } else { distance * distance };
        }
    });
    assert_near(what, actual, &expected, &allowed, tolerance);
}

/// Splats of `colors` channels as a blend needs them: with the coverage, if it divides by it.
pub fn random_splats_for(
    blend: Blend,
    seed: u64,
    count: usize,
    colors: usize,
    size: Size,
) -> Splats {
    if blend == Blend::Additive {
        return random_splats(seed, count, colors, size, COMMON);
    }
    let mut splats = random_splats(seed, count, colors + 1, size, COMMON);
    splats.color.chunks_exact_mut(colors + 1).for_each(|color| color[colors] = 1.0);
    splats
}

/// Compares loss and moments, `[N, C + 5]`, with those that the oracle takes step by step.
pub fn assert_loss_is_right(
    what: &str,
    backend: &mut dyn Backend,
    splats: &Splats,
    target: &Arc<Image>,
    loss: &Loss,
    blend: Blend,
) {
    let mut moments = vec![f32::NAN; 3];
    let terms = backend.loss_and_vjp(splats, target, loss, blend, &mut moments).unwrap();
    let mut oracle_moments = Vec::new();
    let expected = Oracle.loss_and_vjp(splats, target, loss, blend, &mut oracle_moments).unwrap();
    let near = |term: f64, expected: f64| (term - expected).abs() <= 1e-5 * expected.abs();
    assert!(near(terms.l1, expected.l1), "{what}: {terms:?}, not {expected:?}");
    assert!(near(terms.l2, expected.l2), "{what}: {terms:?}, not {expected:?}");
    // A value near the middle of two steps may be rounded to either.
    let apart = (terms.mse_8bit - expected.mse_8bit).abs();
    assert!(apart <= 1e-3 * expected.mse_8bit, "{what}: {terms:?}, not {expected:?}");

    let sums = Oracle.render(splats, target.size()).unwrap();
    let gradient = match blend {
        Blend::Additive => loss.evaluate(&sums, target).unwrap().1,
        Blend::Normalized { epsilon } => {
            let drawn = Normalized::new(&sums, epsilon);
            let (_, gradient) = loss.evaluate(&drawn.picture, target).unwrap();
            drawn.gradient_of_sums(&gradient)
        }
    };
    assert_moments_are_right(what, &moments, splats, &gradient, 2.0 * RELATIVE_TOLERANCE);
}

/// Losses against random targets for every blend and some numbers of colours, the largest also
/// with 8-bit values; some pixels have no coverage.
pub fn assert_losses_are_right(backend: &mut dyn Backend, numbers_of_colors: &[usize]) {
    let size = Size::new(83, 45);
    for blend in
        [Blend::Additive, Blend::Normalized { epsilon: 0.0 }, Blend::Normalized { epsilon: 0.01 }]
    {
        for &colors in numbers_of_colors {
            let splats = random_splats_for(blend, 71, 60, colors, size);
            let picture = Oracle.render(&splats, size).unwrap();
            let uncovered = picture.data().iter().filter(|value| **value == 0.0).count();
            assert!(uncovered > 100 && uncovered < picture.data().len() / 2, "{uncovered}");
            let target = random_image(72, size, colors);
            let mut targets = vec![("values", target.clone())];
            if numbers_of_colors.iter().all(|number| *number <= colors) {
                let mut target_8bit = target;
                for value in target_8bit.data_mut() {
                    *value = (value.abs() * 255.0).round() / 255.0;
                }
                targets.push(("8-bit values", target_8bit));
            }
            for (name, target) in targets {
                let target = Arc::new(target);
                for (l1, l2) in [(0.0, 1.0), (0.3, 0.7)] {
                    let loss = Loss { l1, l2, ssim: 0.0 };
                    let what = format!("{blend:?}, {colors} colours, {name}, {loss:?}");
                    assert_loss_is_right(&what, backend, &splats, &target, &loss, blend);
                }
            }
        }
    }
}

/// Runs all operations with and without taking times: the results are the same bits, and the
/// times are those of `stages`, in any order.
pub fn assert_profile_is_right(backend: &mut dyn Backend, stages: &[&str]) {
    let size = Size::new(130, 67);
    let splats = random_splats(91, 200, 3, size, COMMON);
    let target = Arc::new(random_image(92, size, 3));
    let other = random_splats(94, 20, 3, size, COMMON);
    let run = |backend: &mut dyn Backend| {
        // Something else before, so that lists are made anew.
        backend.render(&other, size).unwrap();
        let mut moments = Vec::new();
        let loss = Loss::default();
        let terms =
            backend.loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments).unwrap();
        (
            backend.render(&splats, size).unwrap(),
            backend.vjp(&splats, &target).unwrap(),
            backend.jvp(&splats, &random_tangent(93, &splats), size).unwrap(),
            terms,
            moments,
        )
    };
    let expected = run(backend);
    assert!(backend.timings().is_empty(), "off at first");

    backend.profile(true);
    assert!(run(backend) == expected, "times change no result");
    let once = backend.timings();
    let mut names: Vec<_> = once.iter().map(|time| time.stage).collect();
    names.sort_unstable();
    let mut wanted = stages.to_vec();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    assert!(once.iter().all(|t| t.seconds.is_finite() && t.seconds >= 0.0 && t.calls > 0));
    assert!(once.iter().any(|time| time.seconds > 0.0), "{once:?}");
    run(backend);
    for (first, both) in once.iter().zip(backend.timings()) {
        assert_eq!(first.stage, both.stage);
        assert!(both.calls > first.calls && both.seconds >= first.seconds, "{first:?}, {both:?}");
    }

    backend.profile(false);
    let kept = backend.timings();
    assert!(run(backend) == expected);
    assert_eq!(backend.timings(), kept, "none are taken, none are lost");
    backend.profile(true);
    assert!(backend.timings().is_empty(), "begun anew");
    backend.profile(false);
}

/// Drawing is the derivative along the colours.
pub fn colors_as_tangent(splats: &Splats) -> Vec<f32> {
    let mut tangent = Vec::new();
    for index in 0..splats.len() {
        tangent.extend_from_slice(splats.color_of(index));
        tangent.extend([0.0; GEOMETRY_MOMENTS]);
    }
    tangent
}
