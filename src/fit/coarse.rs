//! A start on a smaller picture.

use std::sync::Arc;

use rand_xoshiro::Xoshiro256PlusPlus;

use super::{FitOptions, Fitter};
use crate::backend::Backend;
use crate::density::DensityOptions;
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::resize::resize;

/// Fits `gaussians` to the picture at half its size, and carries them back; with the passes over
/// the picture that this comes to: one there is a quarter of one here.
///
/// Where that fit diverges, they stay what they were.
pub(super) fn start(
    backend: &mut dyn Backend,
    target: &Image,
    options: &FitOptions,
    gaussians: &Gaussians,
    random: &Xoshiro256PlusPlus,
) -> Result<(Gaussians, u64)> {
    let half = Arc::new(target.halved());
    let (small, full) = (half.size(), target.size());
    let mut options = options.clone();
    options.gaussians = gaussians.len();
    options.density = DensityOptions::FIXED;
    options.stop.iterations = options.coarse_iterations;
    options.coarse_iterations = 0;
    // Its step belongs to the picture's own size.
    options.rate = None;
    let blend = options.blend;
    let first = resize(gaussians, blend, full, small);
    let mut fitter = Fitter::begin(backend, half, options, first, random.clone(), 0)?;
    fitter.solve_colors()?;
    let solved = fitter.renderer.take_sweeps() / 2;
    let result = loop {
        match fitter.step() {
            Ok(progress) if progress.stop.is_none() => {}
            Ok(_) => break Ok(resize(&fitter.best().gaussians, blend, small, full)),
            Err(Error::Diverged { .. }) => break Ok(gaussians.clone()),
            Err(error) => break Err(error),
        }
    };
    Ok((result?, (fitter.iteration() + solved) / 4))
}
