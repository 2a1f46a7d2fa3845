//! Gaussians, a blend and a backend joined: what fitting and decoding draw with.

use std::sync::Arc;

use crate::backend::{Backend, Descent, GEOMETRY_MOMENTS, Splats};
use crate::blend::{Blend, Normalized, SquaredWeights};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::{Image, Region, Size};
use crate::loss::{Loss, LossTerms};

/// Channels that every backend takes.
const MAX_CHANNELS_AT_ONCE: usize = 5;

/// A part of a picture, drawn and compared by itself.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Where it lies.
    pub region: Region,
    /// What is wanted there.
    pub target: Arc<Image>,
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
    /// The blended picture, once drawn; normalized blend only.
    drawn: Option<Normalized>,
    sweeps: u64,
}

impl<'a> Renderer<'a> {
    /// A renderer of pictures of `size` on `backend`.
    pub fn new(backend: &'a mut dyn Backend, blend: Blend, size: Size) -> Self {
        Self { backend, blend, size, splats: Splats::default(), drawn: None, sweeps: 0 }
    }

    /// Gives the backend back.
    pub fn into_backend(self) -> &'a mut dyn Backend {
        self.backend
    }

    /// Whole iterations on the backend's device, if it has one.
    pub fn descent(&mut self) -> Option<&mut dyn Descent> {
        self.backend.descent()
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

    /// Renderings, gradients and derivatives since the last call; two of them are one pass of a
    /// fit over the picture.
    pub fn take_sweeps(&mut self) -> u64 {
        std::mem::take(&mut self.sweeps)
    }

    /// The picture, shape `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Backend::render`].
    pub fn render(&mut self) -> Result<Image> {
        match self.blend {
            Blend::Additive => {
                self.sweeps += 1;
                self.backend.render(&self.splats, self.size)
            }
            Blend::Normalized { epsilon } => Ok(self.draw_normalized(epsilon)?.picture.clone()),
        }
    }

    /// Moments of every Gaussian against the gradient image, `[N, C + 5]`.
    ///
    /// # Errors
    /// As [`Backend::vjp`].
    pub fn vjp(&mut self, gradient: &Image) -> Result<Vec<f32>> {
        self.sweeps += 1;
        match self.blend {
            Blend::Additive => self.backend.vjp(&self.splats, gradient),
            Blend::Normalized { epsilon } => {
                self.check_gradient(gradient)?;
                let gradient = self.draw_normalized(epsilon)?.gradient_of_sums(gradient);
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
        self.sweeps += 1;
        match self.blend {
            Blend::Additive => self.backend.jvp(&self.splats, tangent, self.size),
            Blend::Normalized { epsilon } => {
                let tangent = self.with_coverage(tangent)?;
                let change = self.backend.jvp(&self.splats, &tangent, self.size)?;
                Ok(self.draw_normalized(epsilon)?.tangent(&change))
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
        self.sweeps += 2;
        let blend = self.blend;
        let terms = self.backend.loss_and_vjp(&self.splats, target, loss, blend, moments)?;
        if let Blend::Normalized { .. } = blend {
            *moments = self.without_coverage(moments);
        }
        Ok(terms)
    }

    /// Loss of one tile alone, and `weight` times the moments of its gradient added to `moments`,
    /// `[N, C + 5]`. The cost is that of the tile, and counts as no sweep.
    ///
    /// # Errors
    /// As [`Backend::loss_and_vjp`].
    pub fn add_tile(
        &mut self,
        tile: &Tile,
        loss: &Loss,
        weight: f32,
        moments: &mut [f32],
    ) -> Result<LossTerms> {
        let (rows, splats) = self.splats.within(&tile.region);
        let (blend, mut own) = (self.blend, Vec::new());
        let terms = self.backend.loss_and_vjp(&splats, &tile.target, loss, blend, &mut own)?;
        if let Blend::Normalized { .. } = blend {
            own = self.without_coverage(&own);
        }
        let stride = tile.target.channels() + GEOMETRY_MOMENTS;
        for (row, own) in rows.into_iter().zip(own.chunks_exact(stride)) {
            for (sum, value) in moments[row * stride..][..stride].iter_mut().zip(own) {
                *sum += weight * value;
            }
        }
        Ok(terms)
    }

    /// The normalized picture, if that is the blend and it has been drawn since the Gaussians
    /// were set.
    pub fn normalized(&self) -> Option<&Normalized> {
        self.drawn.as_ref()
    }

    /// Sums over the squares of every Gaussian's weights; `None` with the additive blend, where
    /// they are known in closed form.
    ///
    /// A square is drawn as a Gaussian of its own, so that its support ends at half the `q` of
    /// the model's: the sums are a few hundredths low where the coverage is thin.
    ///
    /// # Errors
    /// As [`Backend::vjp`].
    pub fn squared_weights(&mut self) -> Result<Option<SquaredWeights>> {
        let Blend::Normalized { epsilon } = self.blend else { return Ok(None) };
        let channels = self.splats.channels - 1;
        let planes = channels + 2;
        let n = self.splats.len();
        let mut sums = vec![0.0; n * planes];
        // The square of a Gaussian is a Gaussian of twice the conic.
        let mut squares = self.splats.clone();
        for (conic, reach) in squares.conic.iter_mut().zip(&mut squares.reach_px) {
            *conic = conic.map(|v| 2.0 * v);
            *reach = reach.map(|v| v * std::f32::consts::FRAC_1_SQRT_2);
        }
        for first in (0..planes).step_by(MAX_CHANNELS_AT_ONCE) {
            let group = first..(first + MAX_CHANNELS_AT_ONCE).min(planes);
            squares.channels = group.len();
            squares.color = vec![0.0; n * group.len()];
            let weights = self.draw_normalized(epsilon)?.squares(group.clone());
            self.sweeps += 1;
            let moments = self.backend.vjp(&squares, &weights)?;
            let rows = moments.chunks_exact(squares.moments_per_splat());
            for (sums, row) in sums.chunks_exact_mut(planes).zip(rows) {
                sums[group.clone()].copy_from_slice(&row[..group.len()]);
            }
        }
        let mut weights = SquaredWeights::default();
        let colors = self.splats.color.chunks_exact(channels + 1);
        for (sums, color) in sums.chunks_exact(planes).zip(colors) {
            weights.push(sums, &color[..channels]);
        }
        Ok(Some(weights))
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

    fn draw_normalized(&mut self, epsilon: f32) -> Result<&Normalized> {
        if self.drawn.is_none() {
            self.sweeps += 1;
            let sums = self.backend.render(&self.splats, self.size)?;
            self.drawn = Some(Normalized::new(&sums, epsilon));
        }
        self.drawn.as_ref().ok_or_else(|| Error::Device("nothing was drawn".into()))
    }

    fn check_gradient(&self, gradient: &Image) -> Result<()> {
        let channels = self.splats.channels - 1;
        if gradient.channels() == channels && gradient.size() == self.size {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "a gradient of {} with {} channels does not fit a picture of {} with {channels}",
            gradient.size(),
            gradient.channels(),
            self.size
        )))
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
