//! From pictures to coded files: fit, quantise, and search for the integers that pay.
//!
//! This joins [`crate::codec`], which knows no backend, and [`crate::fit`].

mod base_layer;
mod candidates;
mod color_basis;
mod costs;
mod course;
mod effort;
mod encoder;
mod estimate;
mod geometry;
mod palette;
mod parts;
mod patch;
mod quantize;
mod search;
mod settle;
mod splat;
mod touching;
mod turn;

use std::ops::ControlFlow;
use std::sync::Arc;

pub use course::{CompressProgress, Observer};
pub use effort::{Dense, Effort};
pub use parts::Parts;

use self::encoder::Encoder;
use crate::backend::Backend;
use crate::codec::coded::{Coded, Order};
use crate::error::{Error, Result};
use crate::image::Image;

/// What a file is to be like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// At most so many bytes, and little less.
    Bytes(u64),
    /// At least this PSNR of the 8-bit picture in dB, and little more.
    PsnrDb(f64),
    /// Quantised with this colour step, in units of the picture's values.
    Step(f64),
}

/// Everything that defines an encoding; with the picture and the device, it defines the result.
#[derive(Clone, Debug, PartialEq)]
pub struct CompressOptions {
    /// What the file is to be like.
    pub target: Target,
    /// The order of the Gaussians in the file: it has a part in the bytes.
    pub order: Order,
    /// How much work it may be.
    pub effort: Effort,
    /// The parts of the encoder that work.
    pub parts: Parts,
    /// Seed of everything random.
    pub seed: u64,
}

/// Quantised Gaussians that draw `image`, shape `[C, H, W]` with 1, 3 or 4 channels;
/// [`crate::codec::encode_exact`] makes a file of them, in the order of the options.
///
/// # Errors
/// [`Error::Invalid`] for a picture without pixels or of other channels, and for a target out of
/// its domain; whatever the backend fails with.
pub fn compress(
    backend: &mut dyn Backend,
    image: &Arc<Image>,
    options: &CompressOptions,
) -> Result<Coded> {
    compress_observed(backend, image, options, &mut |_| ControlFlow::Continue(()))
}

/// The same, told how far it is and asked whether to go on. An encoding that is ended early still
/// keeps a target of bytes; a target PSNR it may miss.
///
/// # Errors
/// As [`compress`].
pub fn compress_observed<'a>(
    backend: &'a mut dyn Backend,
    image: &'a Arc<Image>,
    options: &CompressOptions,
    observer: &'a mut Observer<'a>,
) -> Result<Coded> {
    if image.size().pixels() == 0 || !matches!(image.channels(), 1 | 3 | 4) {
        return Err(Error::Invalid(format!(
            "a picture of {} with {} channels cannot be coded",
            image.size(),
            image.channels()
        )));
    }
    if let Target::Step(step) = options.target
        && !(step.is_finite() && step > 0.0)
    {
        return Err(Error::Invalid(format!("the colour step must be above 0, not {step}")));
    }
    if let Target::PsnrDb(psnr_db) = options.target
        && !psnr_db.is_finite()
    {
        return Err(Error::Invalid(format!("the target PSNR must be a number, not {psnr_db}")));
    }
    Encoder::new(backend, image, options, observer)?.run(&options.target)
}
