//! A start on a smaller picture.

use std::sync::Arc;

use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::{FitOptions, Fitter};
use crate::backend::Backend;
use crate::density::DensityOptions;
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::{Image, Size};
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
    let half = Arc::new(halved(target));
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

/// Means of 2x2 pixels; the last ones are repeated behind the border.
fn halved(image: &Image) -> Image {
    let Size { width, height } = image.size();
    let size = Size::new(width.div_ceil(2), height.div_ceil(2));
    let mut out = Image::zeros(size, image.channels());
    for channel in 0..image.channels() {
        let plane = image.plane(channel);
        out.plane_mut(channel).par_chunks_mut(size.width).enumerate().for_each(|(y, row)| {
            let rows = [2 * y, (2 * y + 1).min(height - 1)].map(|y| &plane[y * width..][..width]);
            for (x, mean) in row.iter_mut().enumerate() {
                let columns = [2 * x, (2 * x + 1).min(width - 1)];
                *mean =
                    0.25 * rows.iter().map(|row| row[columns[0]] + row[columns[1]]).sum::<f32>();
            }
        });
    }
    out
}
