//! The encoder's course: base layer, fit, and rounds of search and refitting.

use std::sync::Arc;

use super::base_layer::{self, BaseLayer};
use super::quantize::{quantize_all, to_components};
use super::search::Search;
use crate::backend::Backend;
use crate::codec::coded::Coded;
use crate::codec::coded::atom::Atom;
use crate::codec::coded::fixed::OCTAVE;
use crate::density::{self, DensityOptions, Plan};
use crate::error::Result;
use crate::fit::{FitOptions, Fitter, RatePenalty, recipe};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::init::ColorStart;

/// How much work an encoding may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Passes of the fit over the picture.
    pub iterations: u64,
    /// Rounds of search, with refitting in between.
    pub rounds: usize,
    /// Sweeps of a search, at most.
    pub sweeps: usize,
    /// Passes of a refitting.
    pub refit_iterations: u64,
}

/// What a file is to be like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Quantised with this colour step, and from so many Gaussians.
    Step(f64, usize),
}

/// Everything that defines an encoding.
#[derive(Clone, Debug, PartialEq)]
pub struct CompressOptions {
    /// What the file is to be like.
    pub target: Target,
    /// How much work it may be.
    pub effort: Effort,
    /// Seed of everything random.
    pub seed: u64,
}

/// A picture that was encoded.
#[derive(Clone, Debug)]
pub struct Compressed {
    /// Its quantised Gaussians.
    pub coded: Coded,
}

/// What a bit costs, in squares of the colour step of half the sum of squared differences.
const LAMBDA: f64 = 0.042;

/// Weight of the penalty on the rate during a fit.
const RATE_WEIGHT: f32 = 0.3;

/// Bits of a new Gaussian, for the decision whether it is worth a trial.
const NEW_BITS: f32 = 6.0;

/// Encodes a picture.
///
/// # Errors
/// Those of the backend.
pub fn compress(
    backend: &mut dyn Backend,
    image: &Arc<Image>,
    options: &CompressOptions,
) -> Result<Compressed> {
    let Target::Step(step, count) = options.target;
    let base = BaseLayer::fit(backend, image)?;
    let step = Coded::step_near(step);
    let mut coded = base.quantize(image, step);
    let rest = base_layer::without(backend, image, &coded.gaussians())?;
    let mut encoder = Encoder { backend, rest, options, step };
    let gaussians = encoder.fit(count)?;
    coded.atoms = encoder.refine(gaussians)?;
    Ok(Compressed { coded })
}

/// An encoding in progress.
struct Encoder<'a> {
    backend: &'a mut dyn Backend,
    /// What the base layer leaves.
    rest: Arc<Image>,
    options: &'a CompressOptions,
    step: u8,
}

impl Encoder<'_> {
    /// The colour step.
    fn step(&self) -> f64 {
        (f64::from(Coded::step_log(self.step)) / f64::from(OCTAVE)).exp2()
    }

    fn fit_options(&self, count: usize, iterations: u64) -> FitOptions {
        let mut options = FitOptions {
            gaussians: count,
            seed: self.options.seed,
            rate: Some(RatePenalty { weight: RATE_WEIGHT, step: self.step() as f32 }),
            ..FitOptions::default()
        };
        options.stop.iterations = iterations;
        recipe::apply(&mut options);
        options.blend = crate::blend::Blend::Additive;
        options
    }

    fn fit(&mut self, count: usize) -> Result<Gaussians> {
        let options = self.fit_options(count, self.options.effort.iterations);
        let fitter = Fitter::new(self.backend, Arc::clone(&self.rest), options)?;
        run(fitter)
    }

    fn refit(&mut self, gaussians: Gaussians) -> Result<Gaussians> {
        let mut options = self.fit_options(gaussians.len(), self.options.effort.refit_iterations);
        options.density = DensityOptions::FIXED;
        options.colors = ColorStart::Local;
        let fitter =
            Fitter::from_gaussians(self.backend, Arc::clone(&self.rest), options, gaussians)?;
        run(fitter)
    }

    /// Rounds of quantising, searching, adding and refitting.
    fn refine(&mut self, mut gaussians: Gaussians) -> Result<Vec<Atom>> {
        let effort = self.options.effort;
        for round in 0..effort.rounds {
            let atoms = self.search(&gaussians);
            if round + 1 == effort.rounds {
                return Ok(atoms);
            }
            gaussians = self.drawn(&atoms);
            self.add(&mut gaussians)?;
            gaussians = self.refit(gaussians)?;
        }
        Ok(quantize_all(&gaussians, self.step(), self.rest.size()))
    }

    fn search(&self, gaussians: &Gaussians) -> Vec<Atom> {
        let atoms = quantize_all(gaussians, self.step(), self.rest.size());
        let lambda = (LAMBDA * self.step().powi(2)) as f32;
        let residual = components(&self.rest, -1.0);
        let (size, channels) = (self.rest.size(), self.rest.channels());
        let mut search = Search::new(size, channels, self.step, lambda, residual, atoms);
        let verbose = std::env::var("LAB").is_ok();
        for _ in 0..self.options.effort.sweeps {
            let count = search.atoms().len();
            let changes = search.sweep();
            if verbose {
                eprintln!("  n {count} {changes:?} D {:.2}", search.distortion());
            }
            if changes.changed * 50 < count && changes.deleted * 200 < count {
                break;
            }
        }
        search.into_parts().0
    }

    /// Atoms as Gaussians.
    fn drawn(&self, atoms: &[Atom]) -> Gaussians {
        let coded = Coded {
            size: self.rest.size(),
            channels: self.rest.channels(),
            step: self.step,
            spacing: base_layer::SPACING,
            base: Vec::new(),
            atoms: atoms.to_vec(),
        };
        coded.gaussians()
    }

    /// Adds Gaussians where the residual has peaks that are worth their bits.
    fn add(&mut self, gaussians: &mut Gaussians) -> Result<()> {
        let mut residual = (*base_layer::without(self.backend, &self.rest, gaussians)?).clone();
        residual.data_mut().iter_mut().for_each(|v| *v = -*v);
        let mut new = Gaussians::empty(gaussians.channels());
        let scene = density::Scene { residual: &residual, normalized: None, costs: &[] };
        let pixels = residual.size().pixels() as f32;
        let plan = Plan {
            add: gaussians.len() / 5,
            relocate: 0,
            eagerness: 0.0,
            largest_sigma_px: (pixels / gaussians.len().max(1) as f32).sqrt(),
        };
        density::revise(&mut new, None, &scene, &plan);
        let least = NEW_BITS * (LAMBDA * self.step().powi(2)) as f32;
        for index in 0..new.len() {
            let color = new.color_of(index);
            let square: f32 = color.iter().map(|c| c * c).sum();
            let [a, b, c, d] = new.factor_px[index];
            let gain = 0.5 * square * std::f32::consts::PI * (a * d - b * c).abs();
            if gain > least {
                gaussians.push(new.mean_px[index], new.factor_px[index], color);
            }
        }
        Ok(())
    }
}

fn run(mut fitter: Fitter<'_>) -> Result<Gaussians> {
    while fitter.step()?.stop.is_none() {}
    Ok(fitter.best().gaussians)
}

/// A picture in the orthonormal basis, `[C, H, W]`, times `factor`.
fn components(image: &Image, factor: f32) -> Vec<f32> {
    let (channels, pixels) = (image.channels(), image.size().pixels());
    let mut out = vec![0.0; channels * pixels];
    let mut color = vec![0.0; channels];
    for pixel in 0..pixels {
        for (channel, value) in color.iter_mut().enumerate() {
            *value = factor * image.data()[channel * pixels + pixel];
        }
        let components = to_components(&color);
        for (channel, value) in components.iter().take(channels).enumerate() {
            out[channel * pixels + pixel] = *value;
        }
    }
    out
}
