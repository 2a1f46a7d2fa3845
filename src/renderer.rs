//! Gaussians, a blend and a backend joined: what fitting and decoding draw with.

use std::sync::Arc;

use rayon::prelude::*;

use crate::backend::{Backend, GEOMETRY_MOMENTS, Splats};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::{Image, Size};
use crate::loss::{Loss, LossTerms};

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

/// Draws Gaussians on a backend with a blend, and differentiates the result.
///
/// Moments and tangents have the layout of [`Splats`] with the picture's own channels, whatever
/// the blend: `[N, C + 5]`.
pub struct Renderer<'a> {
    backend: &'a mut dyn Backend,
    blend: Blend,
    size: Size,
    splats: Splats,
    /// The blend's denominator and the blended picture, once drawn; normalized blend only.
    drawn: Option<(Vec<f32>, Image)>,
}

impl<'a> Renderer<'a> {
    /// A renderer of pictures of `size` on `backend`.
    pub fn new(backend: &'a mut dyn Backend, blend: Blend, size: Size) -> Self {
        Self { backend, blend, size, splats: Splats::default(), drawn: None }
    }

    /// Size of the pictures drawn.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Sets the Gaussians that the other operations work on.
    pub fn set(&mut self, gaussians: &Gaussians) {
        let coverage = match self.blend {
            Blend::Additive => None,
            Blend::Normalized { .. } => Some(1.0),
        };
        self.splats.set(gaussians, coverage);
        self.drawn = None;
    }

    /// The picture, shape `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Backend::render`].
    pub fn render(&mut self) -> Result<Image> {
        match self.blend {
            Blend::Additive => self.backend.render(&self.splats, self.size),
            Blend::Normalized { epsilon } => {
                let (_, picture) = self.draw_normalized(epsilon)?;
                Ok(picture.clone())
            }
        }
    }

    /// Moments of every Gaussian against the gradient image, `[N, C + 5]`.
    ///
    /// # Errors
    /// As [`Backend::vjp`].
    pub fn vjp(&mut self, gradient: &Image) -> Result<Vec<f32>> {
        match self.blend {
            Blend::Additive => self.backend.vjp(&self.splats, gradient),
            Blend::Normalized { epsilon } => {
                let gradient = self.gradient_with_coverage(epsilon, gradient)?;
                let moments = self.backend.vjp(&self.splats, &gradient)?;
                Ok(self.without_coverage(&moments))
            }
        }
    }

    /// Derivative of the picture along a tangent `[N, C + 5]`, shape `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Backend::jvp`].
    pub fn jvp(&mut self, tangent: &[f32]) -> Result<Image> {
        match self.blend {
            Blend::Additive => self.backend.jvp(&self.splats, tangent, self.size),
            Blend::Normalized { epsilon } => {
                let tangent = self.with_coverage(tangent)?;
                let change = self.backend.jvp(&self.splats, &tangent, self.size)?;
                let channels = self.splats.channels - 1;
                let (denominator, picture) = self.draw_normalized(epsilon)?;
                let mut out = Image::zeros(picture.size(), channels);
                let coverage_change = change.plane(channels);
                for channel in 0..channels {
                    let numerator_change = change.plane(channel);
                    let value = picture.plane(channel);
                    out.plane_mut(channel).par_iter_mut().enumerate().for_each(|(p, out)| {
                        // An uncovered pixel stays black.
                        if denominator[p] > 0.0 {
                            let change = numerator_change[p] - value[p] * coverage_change[p];
                            *out = change / denominator[p];
                        }
                    });
                }
                Ok(out)
            }
        }
    }

    /// Loss against `target` and the moments of its gradient, `[N, C + 5]`, into `moments`.
    ///
    /// # Errors
    /// As [`Backend::loss_and_vjp`].
    pub fn loss_and_vjp(
        &mut self,
        target: &Arc<Image>,
        loss: &Loss,
        moments: &mut Vec<f32>,
    ) -> Result<LossTerms> {
        match self.blend {
            Blend::Additive => self.backend.loss_and_vjp(&self.splats, target, loss, moments),
            Blend::Normalized { .. } => {
                let picture = self.render()?;
                let (terms, gradient) = loss.evaluate(&picture, target)?;
                *moments = self.vjp(&gradient)?;
                Ok(terms)
            }
        }
    }

    /// Number of pixels that no Gaussian reaches.
    ///
    /// # Errors
    /// As [`Backend::render`].
    pub fn uncovered_pixels(&mut self) -> Result<usize> {
        let coverage = Splats {
            channels: 1,
            color: vec![1.0; self.splats.len()],
            mean_px: self.splats.mean_px.clone(),
            conic: self.splats.conic.clone(),
            reach_px: self.splats.reach_px.clone(),
        };
        let coverage = self.backend.render(&coverage, self.size)?;
        Ok(coverage.data().iter().filter(|v| **v == 0.0).count())
    }

    fn draw_normalized(&mut self, epsilon: f32) -> Result<&(Vec<f32>, Image)> {
        if self.drawn.is_none() {
            let sums = self.backend.render(&self.splats, self.size)?;
            let channels = sums.channels() - 1;
            let denominator: Vec<f32> = sums.plane(channels).iter().map(|w| w + epsilon).collect();
            let mut picture = Image::zeros(self.size, channels);
            for channel in 0..channels {
                let numerator = sums.plane(channel);
                picture.plane_mut(channel).par_iter_mut().enumerate().for_each(|(p, out)| {
                    // Without coverage and without epsilon the pixel is black, not 0/0.
                    *out = if denominator[p] > 0.0 { numerator[p] / denominator[p] } else { 0.0 };
                });
            }
            self.drawn = Some((denominator, picture));
        }
        self.drawn.as_ref().ok_or_else(|| Error::Device("nothing was drawn".into()))
    }

    /// Gradient with respect to the C + 1 sums: of colours, and of the coverage below them.
    fn gradient_with_coverage(&mut self, epsilon: f32, gradient: &Image) -> Result<Image> {
        let channels = self.splats.channels - 1;
        if gradient.channels() != channels || gradient.size() != self.size {
            return Err(Error::Invalid(format!(
                "a gradient of {} with {} channels does not fit a picture of {} with {channels}",
                gradient.size(),
                gradient.channels(),
                self.size
            )));
        }
        let size = self.size;
        let (denominator, picture) = self.draw_normalized(epsilon)?;
        let mut out = Image::zeros(size, channels + 1);
        let mut of_coverage = vec![0.0; size.pixels()];
        for channel in 0..channels {
            let drawn = gradient.plane(channel).iter().zip(picture.plane(channel)).zip(denominator);
            let sums = out.plane_mut(channel).iter_mut().zip(&mut of_coverage);
            for ((of_sum, of_coverage), ((&gradient, &value), &weight)) in sums.zip(drawn) {
                if weight > 0.0 {
                    *of_sum = gradient / weight;
                    *of_coverage -= *of_sum * value;
                }
            }
        }
        out.plane_mut(channels).copy_from_slice(&of_coverage);
        Ok(out)
    }

    /// Drops the coverage's own moment: its colour is the constant 1.
    fn without_coverage(&self, moments: &[f32]) -> Vec<f32> {
        let channels = self.splats.channels - 1;
        let mut out = Vec::with_capacity(self.splats.len() * (channels + GEOMETRY_MOMENTS));
        for row in moments.chunks_exact(self.splats.moments_per_splat()) {
            out.extend_from_slice(&row[..channels]);
            out.extend_from_slice(&row[channels + 1..]);
        }
        out
    }

    fn with_coverage(&self, tangent: &[f32]) -> Result<Vec<f32>> {
        let channels = self.splats.channels - 1;
        let stride = channels + GEOMETRY_MOMENTS;
        if tangent.len() != self.splats.len() * stride {
            return Err(Error::Invalid(format!(
                "a tangent of {} Gaussians has {} numbers, not {}",
                self.splats.len(),
                self.splats.len() * stride,
                tangent.len()
            )));
        }
        let mut out = Vec::with_capacity(self.splats.len() * (stride + 1));
        for row in tangent.chunks_exact(stride) {
            out.extend_from_slice(&row[..channels]);
            out.push(0.0);
            out.extend_from_slice(&row[channels..]);
        }
        Ok(out)
    }
}
