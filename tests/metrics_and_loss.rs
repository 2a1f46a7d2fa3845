//! Metrics on known cases, and the loss with its gradient against finite differences.

use lgi::image::{Image, Size};
use lgi::loss::Loss;
use lgi::metrics::{bits_per_pixel, ms_ssim, mse_8bit, psnr_db, psnr_db_from_mse, ssim};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn constant(size: Size, channels: usize, value: f32) -> Image {
    Image::from_planar(size, channels, vec![value; size.pixels() * channels]).unwrap()
}

fn noise(size: Size, channels: usize, seed: u64) -> Image {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let data = (0..size.pixels() * channels).map(|_| rng.random()).collect();
    Image::from_planar(size, channels, data).unwrap()
}

#[test]
fn a_picture_equals_itself() {
    for size in [Size::new(1, 1), Size::new(5, 40), Size::new(200, 180)] {
        for channels in [1, 3, 4] {
            let picture = noise(size, channels, 1);
            assert_eq!(mse_8bit(&picture, &picture).unwrap(), 0.0);
            assert_eq!(psnr_db(&picture, &picture).unwrap(), f64::INFINITY);
            assert!((ssim(&picture, &picture).unwrap() - 1.0).abs() < 1e-9);
            assert!((ms_ssim(&picture, &picture).unwrap() - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn psnr_counts_8_bit_steps() {
    let size = Size::new(6, 4);
    let (dark, bright) = (constant(size, 3, 100.0 / 255.0), constant(size, 3, 110.0 / 255.0));
    assert_eq!(mse_8bit(&dark, &bright).unwrap(), 100.0);
    let expected = 20.0 * (255.0f64 / 10.0).log10();
    assert!((psnr_db(&dark, &bright).unwrap() - expected).abs() < 1e-12);
    assert_eq!(psnr_db_from_mse(0.0), f64::INFINITY);
    // What rounds to the same byte, or lies beyond the range, makes no difference.
    assert_eq!(mse_8bit(&dark, &constant(size, 3, 100.4 / 255.0)).unwrap(), 0.0);
    assert_eq!(mse_8bit(&constant(size, 3, 1.0), &constant(size, 3, 7.5)).unwrap(), 0.0);
}

#[test]
fn ssim_of_constant_pictures_is_the_luminance_term_alone() {
    let (a, b) = (51.0 / 255.0, 153.0 / 255.0);
    let expected = (2.0 * a * b + 1e-4) / (a * a + b * b + 1e-4);
    for size in [Size::new(16, 12), Size::new(3, 3), Size::new(1, 1), Size::new(2, 30)] {
        let found = ssim(&constant(size, 3, a as f32), &constant(size, 3, b as f32)).unwrap();
        // 8-bit values as f32: 1e-7 of themselves.
        assert!((found - expected).abs() < 1e-6, "{size}: {found} instead of {expected}");
    }
}

#[test]
fn a_shift_by_a_constant_leaves_contrast_and_structure_alone() {
    // One window: columns alternate between m - d and m + d, and the other picture is h higher.
    let size = Size::new(11, 11);
    let [m, d, h] = [0.4f64, 0.2, 0.2];
    let mut low = Image::zeros(size, 1);
    for (pixel, value) in low.data_mut().iter_mut().enumerate() {
        *value = (if pixel % 11 % 2 == 0 { m - d } else { m + d }) as f32;
    }
    let mut high = low.clone();
    high.data_mut().iter_mut().for_each(|value| *value += h as f32);
    let weights: Vec<f64> = (-5..=5).map(|t| (-0.5 * (f64::from(t) / 1.5).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let mean: f64 = weights
        .iter()
        .enumerate()
        .map(|(t, w)| w / sum * if t % 2 == 0 { m - d } else { m + d })
        .sum();
    let other = mean + h;
    let expected = (2.0 * mean * other + 1e-4) / (mean * mean + other * other + 1e-4);
    let found = ssim(&low, &high).unwrap();
    assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
}

#[test]
fn similarity_is_symmetric_and_falls_with_noise() {
    let size = Size::new(190, 200);
    let (a, other) = (noise(size, 3, 1), noise(size, 3, 2));
    let mut last = 1.0;
    for amount in [0.1, 0.3, 0.6] {
        let mut b = a.clone();
        for (value, other) in b.data_mut().iter_mut().zip(other.data()) {
            *value += amount * (other - 0.5);
        }
        for metric in [ssim, ms_ssim] {
            let (one, two) = (metric(&a, &b).unwrap(), metric(&b, &a).unwrap());
            assert!((one - two).abs() < 1e-9, "{one} {two}");
            assert!(one > 0.0 && one < 1.0);
        }
        let now = ssim(&a, &b).unwrap();
        assert!(now < last, "{now} after {last}");
        last = now;
    }
}

#[test]
fn ms_ssim_of_pictures_of_one_scale_is_their_ssim() {
    let (a, b) = (noise(Size::new(20, 15), 3, 1), noise(Size::new(20, 15), 3, 3));
    let mut near = a.clone();
    for (value, other) in near.data_mut().iter_mut().zip(b.data()) {
        *value = 0.8 * *value + 0.2 * other;
    }
    for channel in 0..3 {
        let plane = |image: &Image| {
            Image::from_planar(image.size(), 1, image.plane(channel).to_vec()).unwrap()
        };
        let (a, near) = (plane(&a), plane(&near));
        let (found, expected) = (ms_ssim(&a, &near).unwrap(), ssim(&a, &near).unwrap());
        // The weights of the paper add up to 1.0001.
        assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
    }
}

#[test]
fn pictures_that_differ_in_shape_are_refused() {
    let picture = constant(Size::new(4, 4), 3, 0.5);
    for other in [constant(Size::new(4, 5), 3, 0.5), constant(Size::new(4, 4), 1, 0.5)] {
        for metric in [mse_8bit, psnr_db, ssim, ms_ssim] {
            assert!(metric(&picture, &other).is_err());
        }
        assert!(Loss::default().evaluate(&picture, &other).is_err());
    }
}

#[test]
fn pictures_without_pixels_have_no_error() {
    let nothing = Image::zeros(Size::new(0, 7), 3);
    assert_eq!(ssim(&nothing, &nothing).unwrap(), 1.0);
    assert_eq!(ms_ssim(&nothing, &nothing).unwrap(), 1.0);
    let (terms, _) = Loss { l1: 0.2, l2: 0.8, ssim: 0.1 }.evaluate(&nothing, &nothing).unwrap();
    assert_eq!([terms.l1, terms.l2, terms.ssim, terms.mse_8bit], [0.0; 4]);
}

#[test]
fn bits_per_pixel_counts_bytes() {
    assert_eq!(bits_per_pixel(49_152, Size::new(768, 512)), 1.0);
}

#[test]
fn the_gradient_agrees_with_finite_differences_for_every_mix() {
    let mixes = [
        Loss { l1: 0.0, l2: 1.0, ssim: 0.0 },
        Loss { l1: 1.0, l2: 0.0, ssim: 0.0 },
        Loss { l1: 0.0, l2: 0.0, ssim: 1.0 },
        Loss { l1: 0.2, l2: 0.8, ssim: 0.1 },
        Loss { l1: 0.5, l2: 0.0, ssim: 0.5 },
    ];
    let sizes = [(17, 14), (11, 11), (12, 1), (1, 13), (4, 5), (3, 20), (2, 2), (1, 1)];
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    for (width, height) in sizes {
        let size = Size::new(width, height);
        for channels in [1, 3] {
            let target = noise(size, channels, 4);
            let mut picture = noise(size, channels, 5);
            for (p, t) in picture.data_mut().iter_mut().zip(target.data()) {
                // Apart by more than the step, for |d| has no derivative at zero.
                *p = if *p < 0.5 { *t - 0.02 - 0.3 * *p } else { *t + 0.02 + 0.3 * (*p - 0.5) };
            }
            for loss in mixes {
                let (_, gradient) = loss.evaluate(&picture, &target).unwrap();
                let largest = gradient.data().iter().fold(0.0f32, |m, v| m.max(v.abs()));
                for _ in 0..12 {
                    let index = rng.random_range(0..picture.data().len());
                    let step = 4e-3f32;
                    let at = |offset: f32| {
                        let mut moved = picture.clone();
                        moved.data_mut()[index] += offset;
                        let (terms, _) = loss.evaluate(&moved, &target).unwrap();
                        (terms.total(&loss), moved.data()[index])
                    };
                    let ((ahead, to), (behind, from)) = (at(step), at(-step));
                    let expected = (ahead - behind) / f64::from(to - from);
                    let error = (f64::from(gradient.data()[index]) - expected).abs();
                    // The third derivative of SSIM, with constants as small as 9e-4, is large.
                    let tolerance = 1e-2 * f64::from(largest) + 1e-6;
                    assert!(
                        error < tolerance,
                        "{size} x{channels} {loss:?} at {index}: {} instead of {expected}",
                        gradient.data()[index]
                    );
                }
            }
        }
    }
}

#[test]
fn the_terms_are_means_and_ssim_agrees_with_the_metric() {
    let size = Size::new(40, 30);
    let (mut a, mut b) = (noise(size, 3, 6), noise(size, 3, 7));
    for image in [&mut a, &mut b] {
        for value in image.data_mut() {
            *value = (*value * 255.0).round() / 255.0;
        }
    }
    let loss = Loss { l1: 0.2, l2: 0.8, ssim: 0.1 };
    let (terms, _) = loss.evaluate(&a, &b).unwrap();
    let pairs = || a.data().iter().zip(b.data()).map(|(a, b)| f64::from(a - b));
    let count = a.data().len() as f64;
    assert!((terms.l1 - pairs().map(f64::abs).sum::<f64>() / count).abs() < 1e-7);
    assert!((terms.l2 - pairs().map(|d| d * d).sum::<f64>() / count).abs() < 1e-7);
    assert!((terms.ssim - (1.0 - ssim(&a, &b).unwrap())).abs() < 1e-9);
    assert!((terms.mse_8bit - mse_8bit(&a, &b).unwrap()).abs() < 1e-9);
    let (without, _) = Loss::default().evaluate(&a, &b).unwrap();
    assert_eq!(without.ssim, 0.0, "terms without weight are not computed");
}

#[test]
fn the_loss_is_the_same_on_any_number_of_threads() {
    let size = Size::new(301, 203);
    let (a, b) = (noise(size, 3, 10), noise(size, 3, 11));
    let loss = Loss { l1: 0.2, l2: 0.8, ssim: 0.1 };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| loss.evaluate(&a, &b).unwrap())
    };
    assert!(on(1) == on(3));
}
