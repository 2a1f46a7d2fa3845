//! How overlapping Gaussians make a pixel.

use rayon::prelude::*;

use crate::gaussians::retain_rows;
use crate::image::Image;

/// How overlapping Gaussians make a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase", tag = "name")]
pub enum Blend {
    /// `I = sum_i g_i c_i` (accumulated summation, GaussianImage, ECCV 2024).
    #[default]
    Additive,
    /// `I = sum_i g_i c_i / (epsilon + sum_i g_i)`, as radial basis function networks have it.
    ///
    /// The coverage `sum_i g_i` is drawn as one more channel of colour 1.
    Normalized {
        /// Added to the coverage; a larger one keeps gradients alive where coverage is thin.
        epsilon: f32,
    },
}

/// A normalized picture and what it was divided by.
#[derive(Clone, Debug)]
pub struct Normalized {
    /// One over epsilon plus coverage, `[H, W]`; 0 where there is neither.
    pub inverse: Vec<f32>,
    /// The picture, `[C, H, W]`; black where there is neither.
    pub picture: Image,
}

impl Blend {
    /// The normalized blend with an epsilon that keeps gradients alive where coverage is thin, and
    /// costs nothing elsewhere.
    pub const NORMALIZED: Self = Self::Normalized { epsilon: 0.05 };
}

impl Normalized {
    /// Divides the sums of colours by the coverage, the last of `sums`' `C + 1` channels.
    pub fn new(sums: &Image, epsilon: f32) -> Self {
        let channels = sums.channels().saturating_sub(1);
        let inverse: Vec<f32> =
            sums.plane(channels).par_iter().map(|weight| inverse(weight + epsilon)).collect();
        let mut picture = Image::zeros(sums.size(), channels);
        for channel in 0..channels {
            let sums = sums.plane(channel).par_iter().zip(&inverse);
            picture
                .plane_mut(channel)
                .par_iter_mut()
                .zip(sums)
                .for_each(|(value, (sum, inverse))| *value = sum * inverse);
        }
        Self { inverse, picture }
    }

    /// From the gradient image, `[C, H, W]`, to the gradient of the sums, `[C + 1, H, W]`.
    pub fn gradient_of_sums(&self, gradient: &Image) -> Image {
        let channels = self.picture.channels();
        let mut out = Image::zeros(gradient.size(), channels + 1);
        let (colors, of_coverage) = out.data_mut().split_at_mut(gradient.data().len());
        let pixels = self.inverse.len();
        for channel in 0..channels {
            let values = gradient.plane(channel).par_iter().zip(self.picture.plane(channel));
            colors[channel * pixels..][..pixels]
                .par_iter_mut()
                .zip(&mut *of_coverage)
                .zip(values.zip(&self.inverse))
                .for_each(|((of_sum, of_coverage), ((gradient, value), inverse))| {
                    *of_sum = gradient * inverse;
                    *of_coverage -= *of_sum * value;
                });
        }
        out
    }

    /// Derivative of the picture, given that of the sums, `[C + 1, H, W]`.
    pub fn tangent(&self, change: &Image) -> Image {
        let channels = self.picture.channels();
        let mut out = Image::zeros(self.picture.size(), channels);
        let of_coverage = change.plane(channels);
        for channel in 0..channels {
            let values = self.picture.plane(channel).par_iter().zip(&self.inverse);
            let changes = change.plane(channel).par_iter().zip(of_coverage);
            out.plane_mut(channel).par_iter_mut().zip(changes.zip(values)).for_each(
                |(out, ((of_sum, of_coverage), (value, inverse)))| {
                    *out = (of_sum - value * of_coverage) * inverse;
                },
            );
        }
        out
    }
}

impl Normalized {
    /// With `v = 1 / W`, some of the `C + 2` planes `v^2`, `v^2 I_c` and `v^2 |I|^2`, in this
    /// order, as channels of a picture.
    pub fn squares(&self, planes: std::ops::Range<usize>) -> Image {
        let channels = self.picture.channels();
        let mut out = Image::zeros(self.picture.size(), planes.len());
        for (channel, plane) in planes.enumerate() {
            let squares = self.inverse.par_iter().map(|v| v * v);
            let out = out.plane_mut(channel).par_iter_mut().zip(squares);
            match plane.checked_sub(1) {
                None => out.for_each(|(out, square)| *out = square),
                Some(own) if own < channels => {
                    let values = self.picture.plane(own);
                    out.zip(values).for_each(|((out, square), value)| *out = square * value);
                }
                Some(_) => out.enumerate().for_each(|(place, (out, square))| {
                    let values = (0..channels).map(|c| self.picture.plane(c)[place]);
                    *out = square * values.map(|value| value * value).sum::<f32>();
                }),
            }
        }
        out
    }
}

/// Sums over the pixels under the square of a Gaussian's weight, `w = g / W` with `W` epsilon
/// plus coverage. They are to the normalized blend what `pi |det L|`, `c` and `|c|^2` are to the
/// additive one: changing a colour by `a` changes a pixel by `w a`, and changing `g` by `d g`
/// changes it by `w d (c - I)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SquaredWeights {
    /// `sum w^2`, `[N]`.
    pub mass: Vec<f32>,
    /// Mean of `c - I` under `w^2`, `[N, C]`.
    pub contrast: Vec<f32>,
    /// Mean of `|c - I|^2` under `w^2`, `[N]`.
    pub energy: Vec<f32>,
}

impl SquaredWeights {
    /// Drops the rows for which `keep`, `[N]`, is false.
    pub fn retain(&mut self, keep: &[bool]) {
        let channels = self.contrast.len() / self.mass.len().max(1);
        retain_rows(&mut self.mass, keep, 1);
        retain_rows(&mut self.contrast, keep, channels);
        retain_rows(&mut self.energy, keep, 1);
    }

    /// Puts the last row in the place of another one.
    pub fn move_last_to(&mut self, index: usize) {
        let Self { mass, contrast, energy } = self;
        let channels = contrast.len() / mass.len().max(1);
        if let (Some(last_mass), Some(last_energy)) = (mass.pop(), energy.pop()) {
            mass[index] = last_mass;
            energy[index] = last_energy;
            let end = contrast.len() - channels;
            contrast.copy_within(end.., index * channels);
            contrast.truncate(end);
        }
    }

    /// Appends one Gaussian, given its sums over [`Normalized::squares`] and its colour.
    pub fn push(&mut self, sums: &[f32], color: &[f32]) {
        let total = sums[0].max(f32::MIN_POSITIVE);
        let mut energy = sums[sums.len() - 1] / total;
        for (own, sum) in color.iter().zip(&sums[1..]) {
            let mean = sum / total;
            self.contrast.push(own - mean);
            energy += own * (own - 2.0 * mean);
        }
        self.mass.push(sums[0]);
        self.energy.push(energy.max(0.0));
    }
}

/// `1 / weight`; 0 where there is no weight: such a pixel is black and has no gradient.
#[inline(always)]
pub fn inverse(weight: f32) -> f32 {
    if weight > 0.0 { weight.recip() } else { 0.0 }
}
