//! How many iterations fit into a given time.

use std::sync::Arc;
use std::time::Instant;

use super::{FitOptions, Fitter};
use crate::backend::Backend;
use crate::density::DensityOptions;
use crate::error::Result;
use crate::image::Image;

/// Iterations that are timed; the first ones warm up and do not count.
const WARM_UP: u32 = 2;
const TIMED: u32 = 3;

/// Share of the time that is planned for; the rest is for what cannot be foreseen.
const PLANNED: f64 = 0.9;

/// Fewest and most iterations that are planned.
const ITERATIONS: std::ops::RangeInclusive<f64> = 5.0..=10_000.0;

/// Number of iterations that a fit with `options` can make in `seconds` on this backend, by
/// timing a few of them with all the Gaussians. Growing fits make more, for they start small;
/// [`super::StopRules::time_s`] ends those that were judged too favourably.
///
/// # Errors
/// As [`Fitter::new`] and [`Fitter::step`].
pub fn iterations_within(
    backend: &mut dyn Backend,
    target: &Arc<Image>,
    options: &FitOptions,
    seconds: f64,
) -> Result<u64> {
    let started = Instant::now();
    let mut options = options.clone();
    options.density = DensityOptions::FIXED;
    options.stop.iterations = 100;
    let mut fitter = Fitter::new(backend, Arc::clone(target), options)?;
    let start = started.elapsed().as_secs_f64();
    for _ in 0..WARM_UP {
        fitter.step()?;
    }
    let (first, from) = (Instant::now(), fitter.iteration());
    for _ in 0..TIMED {
        fitter.step()?;
    }
    let made = fitter.iteration().saturating_sub(from).max(1);
    let each = first.elapsed().as_secs_f64() / made as f64;
    // The fit proper starts once more.
    let left = PLANNED * (seconds - started.elapsed().as_secs_f64() - start);
    Ok((left / each.max(1e-9)).clamp(*ITERATIONS.start(), *ITERATIONS.end()) as u64)
}
