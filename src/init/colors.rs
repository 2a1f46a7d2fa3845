//! The colours that fit best once the geometry is fixed: linear least squares.

use crate::backend::GEOMETRY_MOMENTS;
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::renderer::Renderer;

/// How the first colours are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorStart {
    /// Those of the pixels under the centres, as the initialiser took them.
    Local,
    /// Those of the least squared error, approached from the local ones.
    LeastSquares {
        /// Conjugate-gradient steps, each one derivative and one gradient of the picture.
        iterations: usize,
    },
}

impl Default for ColorStart {
    fn default() -> Self {
        Self::LeastSquares { iterations: 4 }
    }
}

impl ColorStart {
    /// Gives `gaussians` their colours.
    ///
    /// # Errors
    /// As [`solve_colors`].
    pub fn apply(
        self,
        renderer: &mut Renderer<'_>,
        gaussians: &mut Gaussians,
        target: &Image,
    ) -> Result<()> {
        match self {
            Self::Local => Ok(()),
            Self::LeastSquares { iterations } => {
                solve_colors(renderer, gaussians, target, iterations)
            }
        }
    }
}

/// Weight of the colours' change against the squared error, relative to a Gaussian's mass. It
/// keeps Gaussians that lie upon each other from growing without limit against each other.
const RIDGE: f64 = 1e-3;

/// Fits the colours to `target`, shape `[C, H, W]`, by `iterations` steps of the preconditioned
/// conjugate gradient method (Hestenes & Stiefel 1952) on the normal equations, channel by
/// channel.
///
/// The picture is linear in the colours, whatever the blend. With `x` the change of the colours
/// and `m_i = pi |det L_i|` the squared norm of a Gaussian, it minimises
/// `|J x - (target - picture)|^2 + 1e-3 sum_i m_i x_i^2`; `m` is the preconditioner too. Every
/// step lowers the squared error, up to rounding. The renderer holds the new Gaussians
/// afterwards.
///
/// # Errors
/// As [`Renderer::jvp`]; [`Error::Invalid`] if size or channels of `target` differ.
pub fn solve_colors(
    renderer: &mut Renderer<'_>,
    gaussians: &mut Gaussians,
    target: &Image,
    iterations: usize,
) -> Result<()> {
    let channels = gaussians.channels();
    if target.size() != renderer.size() || target.channels() != channels {
        return Err(Error::Invalid(format!(
            "colours of {channels} channels drawn at {} cannot be fitted to a picture of {} with \
             {} channels",
            renderer.size(),
            target.size(),
            target.channels()
        )));
    }
    renderer.set(gaussians);
    if gaussians.is_empty() || iterations == 0 {
        return Ok(());
    }
    let mut difference = renderer.render()?;
    for (value, wanted) in difference.data_mut().iter_mut().zip(target.data()) {
        *value = wanted - *value;
    }
    let residual = colors_of(&renderer.vjp(&difference)?, channels);
    let mut solver = Solver::new(gaussians, residual);
    let stride = channels + GEOMETRY_MOMENTS;
    let mut tangent = vec![0.0; gaussians.len() * stride];
    for _ in 0..iterations {
        for (row, direction) in
            tangent.chunks_exact_mut(stride).zip(solver.direction.chunks_exact(channels))
        {
            for (out, value) in row.iter_mut().zip(direction) {
                *out = *value as f32;
            }
        }
        let change = renderer.jvp(&tangent)?;
        solver.step(colors_of(&renderer.vjp(&change)?, channels));
    }
    for (color, change) in gaussians.color.iter_mut().zip(&solver.change) {
        *color += *change as f32;
    }
    renderer.set(gaussians);
    Ok(())
}

/// The colours' part of moments `[N, C + 5]`, `[N, C]`.
fn colors_of(moments: &[f32], channels: usize) -> Vec<f64> {
    moments
        .chunks_exact(channels + GEOMETRY_MOMENTS)
        .flat_map(|row| row[..channels].iter().map(|v| f64::from(*v)))
        .collect()
}

/// The conjugate gradient method for all channels at once, arrays `[N, C]`.
struct Solver {
    channels: usize,
    /// `[N]`.
    mass: Vec<f64>,
    change: Vec<f64>,
    residual: Vec<f64>,
    direction: Vec<f64>,
    /// `<residual, residual / mass>` for each channel: now and at the start.
    energy: Vec<f64>,
    first_energy: Vec<f64>,
}

impl Solver {
    fn new(gaussians: &Gaussians, residual: Vec<f64>) -> Self {
        let channels = gaussians.channels();
        let mass = gaussians
            .factor_px
            .iter()
            .map(|factor| {
                let [a, b, c, d] = factor.map(f64::from);
                // Smaller ones see single pixels, not the integral.
                std::f64::consts::PI * (a * d - b * c).abs().max(0.1)
            })
            .collect();
        let mut solver = Self {
            channels,
            mass,
            change: vec![0.0; residual.len()],
            direction: Vec::new(),
            energy: Vec::new(),
            first_energy: Vec::new(),
            residual,
        };
        solver.direction = solver.preconditioned();
        solver.energy = solver.products(&solver.residual, &solver.direction);
        solver.first_energy.clone_from(&solver.energy);
        solver
    }

    fn preconditioned(&self) -> Vec<f64> {
        let rows = self.residual.chunks_exact(self.channels).zip(&self.mass);
        rows.flat_map(|(row, mass)| row.iter().map(move |v| v / mass)).collect()
    }

    /// Scalar product of each channel.
    fn products(&self, a: &[f64], b: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.channels];
        for (a, b) in a.chunks_exact(self.channels).zip(b.chunks_exact(self.channels)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        sums
    }

    /// One step, given `J^T J direction`.
    fn step(&mut self, mut image: Vec<f64>) {
        for (index, value) in image.iter_mut().enumerate() {
            *value += RIDGE * self.mass[index / self.channels] * self.direction[index];
        }
        let curvature = self.products(&self.direction, &image);
        // A channel that is solved to the rounding of f32, or not finite, rests.
        let lengths: Vec<f64> = (0..self.channels)
            .map(|channel| {
                let length = self.energy[channel] / curvature[channel];
                let solved = self.energy[channel] <= 1e-13 * self.first_energy[channel];
                if solved || !length.is_finite() { 0.0 } else { length }
            })
            .collect();
        for (index, image) in image.iter().enumerate() {
            let length = lengths[index % self.channels];
            self.change[index] += length * self.direction[index];
            self.residual[index] -= length * image;
        }
        let preconditioned = self.preconditioned();
        let energy = self.products(&self.residual, &preconditioned);
        for (index, value) in preconditioned.into_iter().enumerate() {
            let channel = index % self.channels;
            if lengths[channel] != 0.0 {
                let keep = energy[channel] / self.energy[channel];
                self.direction[index] = value + keep * self.direction[index];
            }
        }
        self.energy = energy;
    }
}
