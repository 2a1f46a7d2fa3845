//! Structural similarity: Wang, Bovik, Sheikh & Simoncelli, "Image quality assessment: from error
//! visibility to structural similarity", 2004, eq. 13, and its gradient.
//!
//! Gaussian window of 11 taps and sigma 1.5, `K1 = 0.01`, `K2 = 0.03`, dynamic range 1; the mean
//! over all places where the window lies wholly on the picture, and over the channels. Along an
//! axis shorter than 11 pixels the window shrinks to the largest odd size that fits.

use pulp::Arch;
use rayon::prelude::*;

use super::widest::on_widest;
use super::window::{Moments, Spread, Window};
use super::{check_alike, rounded};
use crate::error::Result;
use crate::image::{Image, Size};

const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// SSIM of the 8-bit pictures, at most 1; 1 for pictures without pixels.
///
/// # Errors
/// [`crate::Error::Invalid`] if sizes or channels differ.
pub fn ssim(picture: &Image, target: &Image) -> Result<f64> {
    check_alike(picture, target)?;
    let (picture, target) = (rounded(picture), rounded(target));
    let channels = picture.channels();
    let sum: f64 = (0..channels)
        .map(|c| plane_means(picture.plane(c), target.plane(c), picture.size()).ssim)
        .sum();
    Ok(if channels == 0 { 1.0 } else { sum / channels as f64 })
}

/// Means over one plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    /// Of SSIM.
    pub(super) ssim: f64,
    /// Of its second factor, contrast and structure.
    pub(super) contrast_structure: f64,
}

/// SSIM and its factors over one plane, shape `[H, W]`.
pub(super) fn plane_means(a: &[f32], b: &[f32], size: Size) -> Means {
    if size.pixels() == 0 {
        return Means { ssim: 1.0, contrast_structure: 1.0 };
    }
    let window = Window::new(size);
    let places = window.places();
    // One partial sum for each row, added in order: the same on any number of threads.
    let arch = Arch::new();
    let rows: Vec<[f64; 2]> = (0..places.height)
        .into_par_iter()
        .map_init(Moments::default, |moments, row| {
            on_widest(
                arch,
                #[inline(always)]
                || {
                    window.moments(row, a, b, moments);
                    (0..places.width).fold([0.0; 2], |[ssim, structure], place| {
                        let local = Local::new(moments.at(place));
                        [ssim + local.ssim(), structure + local.contrast_structure]
                    })
                },
            )
        })
        .collect();
    let mean = |k: usize| rows.iter().map(|sums| sums[k]).sum::<f64>() / places.pixels() as f64;
    Means { ssim: mean(0), contrast_structure: mean(1) }
}

/// SSIM at one place of the window.
struct Local {
    mean: [f64; 2],
    luminance: f64,
    luminance_base: f64,
    contrast_structure: f64,
    contrast_base: f64,
}

impl Local {
    #[inline(always)]
    fn new([x, y, xx, yy, xy]: [f64; 5]) -> Self {
        let variances = xx - x * x + yy - y * y;
        let covariance = xy - x * y;
        let luminance_base = x * x + y * y + C1;
        let contrast_base = variances + C2;
        Self {
            mean: [x, y],
            luminance: (2.0 * x * y + C1) / luminance_base,
            luminance_base,
            contrast_structure: (2.0 * covariance + C2) / contrast_base,
            contrast_base,
        }
    }

    #[inline(always)]
    fn ssim(&self) -> f64 {
        self.luminance * self.contrast_structure
    }

    /// Derivatives by `E[x]`, `E[x^2]` and `E[xy]`; the first one's includes that variances and
    /// covariance depend on it.
    #[inline(always)]
    fn derivatives(&self) -> [f64; 3] {
        let [x, y] = self.mean;
        let (l, s) = (self.luminance, self.contrast_structure);
        let by_square = -l * s / self.contrast_base;
        let by_product = 2.0 * l / self.contrast_base;
        let by_luminance = 2.0 * s * (y - x * l) / self.luminance_base;
        [by_luminance - 2.0 * x * by_square - y * by_product, by_square, by_product]
    }
}

/// SSIM of two pictures as they are, and its exact gradient by the first, shape `[C, H, W]`.
///
/// The sizes and channels must agree.
pub(crate) fn ssim_and_gradient(picture: &Image, target: &Image) -> (f64, Image) {
    let (size, channels) = (picture.size(), picture.channels());
    let mut gradient = Image::zeros(size, channels);
    if gradient.data().is_empty() {
        return (1.0, gradient);
    }
    let window = Window::new(size);
    let places = window.places();
    let scale = 1.0 / (places.pixels() * channels) as f64;
    let arch = Arch::new();
    let mut maps: [Vec<f32>; 3] = std::array::from_fn(|_| vec![0.0; places.pixels()]);
    let mut total = 0.0;
    for channel in 0..channels {
        let (a, b) = (picture.plane(channel), target.plane(channel));
        let [by_mean, by_square, by_product] = &mut maps;
        let rows: Vec<f64> = by_mean
            .par_chunks_mut(places.width)
            .zip(by_square.par_chunks_mut(places.width))
            .zip(by_product.par_chunks_mut(places.width))
            .enumerate()
            .map_init(Moments::default, |moments, (row, ((by_mean, by_square), by_product))| {
                on_widest(
                    arch,
                    #[inline(always)]
                    || {
                        window.moments(row, a, b, moments);
                        let mut sum = 0.0;
                        for place in 0..places.width {
                            let local = Local::new(moments.at(place));
                            let derivatives = local.derivatives().map(|v| (v * scale) as f32);
                            [by_mean[place], by_square[place], by_product[place]] = derivatives;
                            sum += local.ssim();
                        }
                        sum
                    },
                )
            })
            .collect();
        total += rows.iter().sum::<f64>();

        let lines = gradient.plane_mut(channel).par_chunks_mut(size.width);
        lines.enumerate().for_each_init(Spread::default, |spread, (row, out)| {
            on_widest(
                arch,
                #[inline(always)]
                || {
                    window.spread(row, &maps, spread);
                    let [mean, square, product] = &spread.rows;
                    let start = row * size.width;
                    for (column, out) in out.iter_mut().enumerate() {
                        let (x, y) = (a[start + column], b[start + column]);
                        *out = mean[column] + 2.0 * x * square[column] + y * product[column];
                    }
                },
            );
        });
    }
    (total * scale, gradient)
}
