//! How many Gaussians, and which colour step: from two short fits.
//!
//! Along the curve that the codec draws, `D ~ R^-a`; the best step for a rate R satisfies
//! `lambda = -dD/dR = a D / R`, with `lambda` in proportion to `d^2`. Both `a` and D come from fits
//! that differ in nothing but their number of Gaussians.

use std::sync::Arc;

use super::course::Course;
use crate::backend::Backend;
use crate::error::Result;
use crate::fit::{FitOptions, Fitter};
use crate::image::Image;

/// Bits of a Gaussian, about.
pub const BITS: f64 = 25.0;

/// Passes of a short fit; an estimate takes two of them at least.
pub const ITERATIONS: u64 = 12;

/// `d^2 R / (a D)`, with D of the short fit.
const FACTOR: f64 = 9.5;

/// Bounds of `a`.
const SLOPES: std::ops::RangeInclusive<f64> = 0.3..=1.2;

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Colour step.
    pub step: f64,
    /// Number of Gaussians.
    pub count: usize,
}

/// The most Gaussians that are worth a try on so many pixels.
pub fn most_gaussians(pixels: usize) -> usize {
    (pixels / 4).max(1)
}

/// What suits `bits`.
///
/// # Errors
/// Those of the backend.
pub fn step(
    backend: &mut dyn Backend,
    course: &mut Course<'_>,
    target: &Arc<Image>,
    seed: u64,
    bits: f64,
) -> Result<Guess> {
    let limit = most_gaussians(target.size().pixels());
    let count = ((bits / BITS) as usize).clamp(1, limit);
    let [few, many] = [
        distortion(backend, course, target, seed, (count / 2).max(1))?,
        distortion(backend, course, target, seed, count)?,
    ];
    let slope = (few / many.max(1e-12)).log2().clamp(*SLOPES.start(), *SLOPES.end());
    let step = (FACTOR * slope * many / bits.max(1.0)).sqrt();
    Ok(Guess { step: step.clamp(1e-3, 30.0), count })
}

/// What suits a distortion, half the sum of squared differences.
///
/// # Errors
/// Those of the backend.
pub fn step_for(
    backend: &mut dyn Backend,
    course: &mut Course<'_>,
    target: &Arc<Image>,
    seed: u64,
    wanted: f64,
) -> Result<Guess> {
    let limit = most_gaussians(target.size().pixels());
    let mut count = (target.size().pixels() / 128).clamp(1, limit);
    for _ in 0..2 {
        // A whole fit does better than a short one by about this.
        let reached = 0.8 * distortion(backend, course, target, seed, count)?;
        let octaves = (reached / wanted).log2() / 0.7;
        count = ((count as f64 * octaves.clamp(-4.0, 3.0).exp2()) as usize).clamp(1, limit);
    }
    step(backend, course, target, seed, BITS * count as f64)
}

/// The number of Gaussians that suits a colour step.
///
/// # Errors
/// Those of the backend.
pub fn count(
    backend: &mut dyn Backend,
    course: &mut Course<'_>,
    target: &Arc<Image>,
    seed: u64,
    wanted: f64,
) -> Result<usize> {
    let mut bits = 0.2 * target.size().pixels() as f64;
    for _ in 0..2 {
        let guess = step(backend, course, target, seed, bits)?;
        bits *= (guess.step / wanted).powf(1.5).clamp(0.05, 8.0);
    }
    let limit = most_gaussians(target.size().pixels());
    Ok(((bits / BITS) as usize).clamp(1, limit))
}

/// Half the sum of squared differences that so many Gaussians leave after a short fit.
fn distortion(
    backend: &mut dyn Backend,
    course: &mut Course<'_>,
    target: &Arc<Image>,
    seed: u64,
    count: usize,
) -> Result<f64> {
    let mut options = FitOptions { gaussians: count, seed, ..FitOptions::default() };
    options.optimizer.rule = "lbfgs".into();
    options.stop.iterations = ITERATIONS;
    let fitter = Fitter::new(backend, Arc::clone(target), options)?;
    let (best, _) = course.run(fitter)?;
    Ok(0.5 * best.loss * target.data().len() as f64)
}
