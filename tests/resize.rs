//! Drawing at another size, where larger keeps the values and smaller averages them; and in parts.

use lgi::backend::Backend;
use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::renderer::Renderer;
use lgi::resize::resize;
use lgi::strips::draw_in_strips;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

const FROM: Size = Size::new(96, 64);

/// Gaussians all over the picture, from less than a pixel to many pixels wide.
fn some_gaussians(count: usize, sigma_px: std::ops::Range<f64>) -> Gaussians {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut uniform = move || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut gaussians = Gaussians::empty(3);
    for _ in 0..count {
        let mean = [uniform() * FROM.width as f64, uniform() * FROM.height as f64];
        let mut sigma = || sigma_px.start + uniform() * (sigma_px.end - sigma_px.start);
        let (first, second) = (sigma(), sigma());
        let (sine, cosine) = (uniform() * std::f64::consts::TAU).sin_cos();
        let factor = [cosine * first, -sine * second, sine * first, cosine * second];
        let color = [uniform() - 0.4, uniform() - 0.4, uniform() - 0.4].map(|v| v as f32);
        gaussians.push(mean.map(|v| v as f32), factor.map(|v| v as f32), &color);
    }
    gaussians
}

fn draw(gaussians: &Gaussians, size: Size, blend: Blend) -> Image {
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, blend, size);
    renderer.set(gaussians);
    renderer.render().expect("the oracle draws everything")
}

/// Means over the `factor` times `factor` pixels below each pixel of the smaller picture.
fn area_average(picture: &Image, factor: usize) -> Image {
    let size = Size::new(picture.size().width / factor, picture.size().height / factor);
    let mut out = Image::zeros(size, picture.channels());
    for channel in 0..picture.channels() {
        for y in 0..size.height {
            for x in 0..size.width {
                let mut sum = 0.0;
                for (dx, dy) in (0..factor * factor).map(|i| (i % factor, i / factor)) {
                    sum += picture.at(channel, x * factor + dx, y * factor + dy);
                }
                out.plane_mut(channel)[y * size.width + x] = sum / (factor * factor) as f32;
            }
        }
    }
    out
}

fn root_mean_square(a: &Image, b: &Image) -> f64 {
    let sum: f64 = a.data().iter().zip(b.data()).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    (sum / a.data().len() as f64).sqrt()
}

fn spread(picture: &Image) -> f64 {
    let count = picture.data().len() as f64;
    let mean = picture.data().iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let sum: f64 = picture.data().iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
    (sum / count).sqrt()
}

/// The centre of pixel `(x, y)` is the corner that four pixels share at twice the size, so the
/// enlarged picture is sampled one pixel off a Gaussian grid shifted by half a pixel.
#[test]
fn values_stay_where_they_are_at_twice_the_size() {
    let gaussians = some_gaussians(60, 0.7..8.0);
    let twice = Size::new(FROM.width * 2, FROM.height * 2);
    for blend in [Blend::Additive, Blend::Normalized { epsilon: 0.01 }] {
        let small = draw(&gaussians, FROM, blend);
        let mut large = resize(&gaussians, blend, FROM, twice);
        for mean in &mut large.mean_px {
            *mean = mean.map(|v| v - 0.5);
        }
        let large = draw(&large, twice, blend);
        for (x, y) in (0..FROM.height).flat_map(|y| (0..FROM.width).map(move |x| (x, y))) {
            for channel in 0..3 {
                let (was, is) = (small.at(channel, x, y), large.at(channel, 2 * x, 2 * y));
                assert!((was - is).abs() < 2e-2, "({x}, {y}): {was} became {is}, {blend:?}");
            }
        }
        let mean = |picture: &Image| -> f64 {
            picture.data().iter().map(|v| f64::from(*v)).sum::<f64>() / picture.data().len() as f64
        };
        assert!((mean(&small) - mean(&large)).abs() < 2e-3, "{blend:?}");
    }
}

#[test]
fn the_same_size_changes_nothing() {
    let gaussians = some_gaussians(20, 0.4..8.0);
    assert_eq!(resize(&gaussians, Blend::Additive, FROM, FROM), gaussians);
}

/// At a quarter of the size the picture is that of averaging over 4x4 pixels: to 1.5 % of its
/// own spread where Gaussians are several pixels wide, and to 10 % where all are about one: noise.
#[test]
fn a_quarter_of_the_size_averages() {
    let quarter = Size::new(FROM.width / 4, FROM.height / 4);
    for (sigma, count, tolerance) in [(1.5..8.0, 200, 0.015), (0.5..1.5, 1500, 0.1)] {
        let gaussians = some_gaussians(count, sigma.clone());
        let expected = area_average(&draw(&gaussians, FROM, Blend::Additive), 4);
        let resized = resize(&gaussians, Blend::Additive, FROM, quarter);
        let drawn = draw(&resized, quarter, Blend::Additive);
        let error = root_mean_square(&expected, &drawn) / spread(&expected);
        assert!(error < tolerance, "{sigma:?}: {error} of the spread");

        let mut skipping = Gaussians::empty(3);
        for index in 0..gaussians.len() {
            let mean = gaussians.mean_px[index].map(|v| v / 4.0);
            let factor = gaussians.factor_px[index].map(|v| v / 4.0);
            skipping.push(mean, factor, gaussians.color_of(index));
        }
        let skipping = draw(&skipping, quarter, Blend::Additive);
        assert!(root_mean_square(&expected, &skipping) / spread(&expected) > 3.0 * error);
    }
}

#[test]
fn each_axis_has_its_own_scale() {
    let mut gaussians = Gaussians::empty(1);
    gaussians.push([48.0, 32.0], [6.0, 0.0, 2.0, 5.0], &[1.0]);
    let to = Size::new(192, 32);
    let resized = resize(&gaussians, Blend::Additive, FROM, to);
    assert_eq!(resized.mean_px[0], [96.0, 16.0]);
    let [a, b, c, d] = resized.factor_px[0];
    assert!((a * a + b * b - 144.0).abs() < 1e-3);
    // Only the axis that shrinks is widened.
    let expected = 0.25 * (4.0 + 25.0) + 0.75 * 0.1;
    assert!((c * c + d * d - expected).abs() < 1e-4);
    let mut splats = Splats::default();
    splats.set(&resized, None);
    assert_eq!(Oracle.render(&splats, to).expect("draws").size(), to);
}

/// A Gaussian much thinner than a pixel of the small picture still has its energy.
#[test]
fn thin_lines_do_not_vanish() {
    let mut gaussians = Gaussians::empty(1);
    gaussians.push([48.0, 33.0], [30.0, 0.0, 0.0, 0.4], &[1.0]);
    let to = Size::new(FROM.width / 8, FROM.height / 8);
    let resized = resize(&gaussians, Blend::Additive, FROM, to);
    let sum = |picture: &Image| picture.data().iter().sum::<f32>();
    let before = sum(&draw(&gaussians, FROM, Blend::Additive)) / 64.0;
    let after = sum(&draw(&resized, to, Blend::Additive));
    assert!((after / before - 1.0).abs() < 0.6, "{before} became {after}");
}

#[test]
fn a_picture_in_strips_is_the_picture_as_a_whole() {
    // High enough for three strips, the last one lower than the others.
    let size = Size::new(60, 300);
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        let gaussians = resize(&some_gaussians(40, 0.5..9.0), blend, FROM, size);
        let whole = draw(&gaussians, size, blend);
        let (mut top, mut strips) = (0, 0);
        draw_in_strips(&mut Oracle, &gaussians, blend, size, |strip| {
            for y in 0..strip.size().height {
                for (channel, x) in (0..3).flat_map(|c| (0..size.width).map(move |x| (c, x))) {
                    let difference = strip.at(channel, x, y) - whole.at(channel, x, top + y);
                    // Centres are rounded anew, to half a unit of the last place at 300 pixels.
                    assert!(difference.abs() < 1e-5, "{blend:?}, ({x}, {})", top + y);
                }
            }
            top += strip.size().height;
            strips += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!((top, strips), (size.height, 3));
    }
}
