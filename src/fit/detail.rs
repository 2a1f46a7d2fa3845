//! How many Gaussians a picture's detail asks for, without a fit.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::image::Image;

/// PSNR in dB that is aimed at where nothing is asked for.
pub const USUAL_PSNR_DB: f64 = 36.0;

/// PSNR in dB at which nothing is missed any more.
const FINE_PSNR_DB: f64 = 50.0;

/// Most Gaussians where nothing is asked for, and the fewest and most pixels for each.
const MOST: usize = 100_000;
const FEWEST_PIXELS: usize = 8;
const MOST_PIXELS: usize = 256;

/// Gaussians a pixel are `FACTOR * share^POWER`, `share` the share of Haar coefficients that
/// reach the same PSNR. Fitted to 72 fits of photographs of 768x512, at 32, 36 and 40 dB; the
/// error is a factor of 1.2, and 1.6 at most.
const FACTOR: f64 = 0.312;
const POWER: f64 = 1.337;

/// Number of Gaussians with which a fit comes near `psnr_db`, at least 1.
///
/// Goes by the best n-term approximation (DeVore 1998): the number of largest coefficients of an
/// orthonormal Haar transform that leave the squared error of that PSNR.
pub fn gaussians_for(target: &Image, psnr_db: f64) -> usize {
    let values = target.data().len() as f64;
    let needed = Spectrum::of(target).largest_that_leave(values * 10.0_f64.powf(-0.1 * psnr_db));
    let pixels = target.size().pixels() as f64;
    let share = needed as f64 / pixels.max(1.0);
    ((FACTOR * share.powf(POWER) * pixels).round() as usize).max(1)
}

/// Number of Gaussians where nothing is asked for: as [`gaussians_for`] 36 dB, at most 100 000
/// and at most one for every 8 pixels. Where the picture has so little contrast that few reach
/// 36 dB and still miss most of what there is to see, it is one for every 256 pixels, or what
/// 50 dB ask for.
pub fn usual_gaussians(target: &Image) -> usize {
    let pixels = target.size().pixels();
    let least = gaussians_for(target, FINE_PSNR_DB).min(pixels / MOST_PIXELS);
    let most = (pixels / FEWEST_PIXELS).clamp(1, MOST);
    gaussians_for(target, USUAL_PSNR_DB).max(least).min(most)
}

/// Steps of the histogram for each doubling of the energy, and their number; from 2^-40 up.
const STEPS_PER_OCTAVE: f64 = 16.0;
const STEPS: usize = 1024;
const LOWEST_OCTAVE: f64 = -40.0;

/// A histogram of the energies of coefficients, all channels of one together.
struct Spectrum {
    count: Vec<u64>,
    energy: Vec<f64>,
}

impl Spectrum {
    fn of(image: &Image) -> Self {
        let mut all = Self::empty();
        let mut means = Cow::Borrowed(image);
        // Coefficients of means are smaller than those of an orthonormal transform.
        let mut scale = 1.0;
        while means.size().width.max(means.size().height) > 1 {
            scale *= 2.0;
            let half = means.halved();
            let rows: Vec<Self> = (0..half.size().height)
                .into_par_iter()
                .map(|y| Self::of_row(&means, scale, y, half.size().width))
                .collect();
            rows.iter().for_each(|row| all.merge(row));
            means = Cow::Owned(half);
        }
        all
    }

    /// Coefficients of a row of blocks, of which there are `width`.
    fn of_row(means: &Image, scale: f64, y: usize, width: usize) -> Self {
        let mut row = Self::empty();
        for x in 0..width {
            let mut energies = [0.0; 3];
            for channel in 0..means.channels() {
                let [a, b, c, d] = means.block(channel, x, y);
                let details = [a + b - c - d, a - b + c - d, a - b - c + d];
                for (energy, detail) in energies.iter_mut().zip(details) {
                    *energy += (0.25 * scale * f64::from(detail)).powi(2);
                }
            }
            energies.into_iter().for_each(|energy| row.add(energy));
        }
        row
    }

    fn empty() -> Self {
        Self { count: vec![0; STEPS], energy: vec![0.0; STEPS] }
    }

    fn add(&mut self, energy: f64) {
        let step = (energy.log2() - LOWEST_OCTAVE) * STEPS_PER_OCTAVE;
        // Nothing at all comes to minus infinity, and there to the lowest step.
        let step = (step.max(0.0) as usize).min(STEPS - 1);
        self.count[step] += 1;
        self.energy[step] += energy;
    }

    fn merge(&mut self, other: &Self) {
        for (to, from) in self.count.iter_mut().zip(&other.count) {
            *to += from;
        }
        for (to, from) in self.energy.iter_mut().zip(&other.energy) {
            *to += from;
        }
    }

    /// Number of largest coefficients without which the energy of all others is at most `rest`.
    fn largest_that_leave(&self, rest: f64) -> u64 {
        let mut needed: u64 = self.count.iter().sum();
        let mut left = rest;
        for (count, energy) in self.count.iter().zip(&self.energy) {
            if *energy > left {
                let part = left / energy * *count as f64;
                return needed.saturating_sub(part as u64);
            }
            left -= energy;
            needed -= count;
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Size;

    fn picture(size: Size, value: impl Fn(usize, usize) -> f32) -> Image {
        let mut image = Image::zeros(size, 1);
        for y in 0..size.height {
            for x in 0..size.width {
                image.plane_mut(0)[y * size.width + x] = value(x, y);
            }
        }
        image
    }

    #[test]
    fn the_transform_keeps_the_energy() {
        let size = Size::new(64, 64);
        let image = picture(size, |x, y| (0.3 * x as f32).sin() * (0.2 * y as f32).cos());
        let mean = image.data().iter().sum::<f32>() / image.data().len() as f32;
        let expected: f64 = image.data().iter().map(|v| f64::from(v - mean).powi(2)).sum();
        let spectrum = Spectrum::of(&image);
        let energy: f64 = spectrum.energy.iter().sum();
        assert!((energy - expected).abs() < 1e-3 * expected, "{energy}, not {expected}");
        assert_eq!(spectrum.count.iter().sum::<u64>(), 64 * 64 - 1);
    }

    #[test]
    fn detail_asks_for_more_and_nothing_for_one() {
        let size = Size::new(96, 64);
        let smooth = picture(size, |x, y| 0.004 * (x + y) as f32);
        let busy = picture(size, |x, y| if (7 * x + 13 * y) % 11 < 5 { 1.0 } else { 0.0 });
        let flat = picture(size, |_, _| 0.5);
        let counts = [&flat, &smooth, &busy].map(usual_gaussians);
        assert!(counts[0] == 1 && counts[1] > 1 && counts[2] > 4 * counts[1], "{counts:?}");
        for image in [smooth, busy] {
            let counts = [20.0, 30.0, 40.0, 200.0].map(|psnr| gaussians_for(&image, psnr));
            assert!(counts.is_sorted(), "{counts:?}");
        }
        for size in [Size::new(1, 1), Size::new(1, 7), Size::new(3, 2)] {
            assert_eq!(usual_gaussians(&picture(size, |x, y| (x * y) as f32)), 1, "{size}");
        }
    }
}
