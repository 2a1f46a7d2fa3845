//! Initialisers: where the first Gaussians are placed, how large they are, and their colours.
//!
//! A new one is one file here and one line in [`ALL`].

mod blur;
mod colors;
mod gradient;
mod gradient_weighted;
mod grid;
mod hilbert;
mod random;
mod sampling;
mod sinkhorn;
mod structure_tensor;

use std::fmt::Debug;

use rand_xoshiro::Xoshiro256PlusPlus;

pub use colors::{ColorStart, solve_colors};
pub use gradient_weighted::GradientWeighted;
pub use grid::Grid;
pub use random::Random;
pub use sinkhorn::Sinkhorn;
pub use structure_tensor::StructureTensor;

use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Image;

/// Every initialiser, with its usual settings.
pub const ALL: &[&dyn Initializer] =
    &[&Random, &Grid, &GradientWeighted::USUAL, &StructureTensor::USUAL, &Sinkhorn::USUAL];

/// The initialiser that fits best where nothing else is asked for.
pub const DEFAULT: &dyn Initializer = &StructureTensor::USUAL;

/// Smallest standard deviation along any axis that initialisers give, in pixels.
const SMALLEST_SIGMA_PX: f32 = 0.35;

/// Places Gaussians for a picture.
pub trait Initializer: Debug + Send + Sync {
    /// Name on the command line and in files.
    fn name(&self) -> &'static str;

    /// `count` Gaussians for `target`, shape `[C, H, W]`, with colours taken from the pixels
    /// under their centres.
    ///
    /// Any number of Gaussians and any size and content of the picture will do; pixels that are
    /// not finite count as black. The same generator state gives the same Gaussians.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the picture has no pixels, unless `count` is zero.
    fn place(
        &self,
        target: &Image,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Gaussians>;
}

/// The initialiser called `name`.
///
/// # Errors
/// [`Error::Invalid`] listing the names if there is none.
pub fn by_name(name: &str) -> Result<&'static dyn Initializer> {
    ALL.iter().copied().find(|initializer| initializer.name() == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|initializer| initializer.name()).collect();
        Error::Invalid(format!(
            "there is no initialiser \"{name}\"; there are {}",
            names.join(", ")
        ))
    })
}

/// Checks that there is a place for Gaussians.
fn check_target(target: &Image, count: usize) -> Result<()> {
    if count > 0 && target.size().pixels() == 0 {
        return Err(Error::Invalid(format!(
            "{count} Gaussians cannot be placed on a picture of {}",
            target.size()
        )));
    }
    Ok(())
}

/// Distance in pixels between the centres of `count` Gaussians spread evenly.
fn spacing_px(target: &Image, count: usize) -> f32 {
    (target.size().pixels() as f64 / count.max(1) as f64).sqrt() as f32
}

/// Appends the colour of the pixel under a centre, times `scale`.
fn push_local_color(colors: &mut Vec<f32>, target: &Image, mean_px: [f32; 2], scale: f32) {
    let size = target.size();
    // The conversion saturates: what lies left of or above the picture becomes zero.
    let x = (mean_px[0] as usize).min(size.width - 1);
    let y = (mean_px[1] as usize).min(size.height - 1);
    colors.extend((0..target.channels()).map(|channel| {
        let value = target.at(channel, x, y);
        if value.is_finite() { scale * value } else { 0.0 }
    }));
}
