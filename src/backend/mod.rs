//! Where pictures are drawn and gradients are summed: three operations, several places.
//!
//! A backend knows splats, images and losses, and no optimizer. Of a parameterisation it knows what
//! a [`descent`] gives it to run.

pub mod cpu;
pub mod descent;
#[cfg(feature = "gpu")]
pub mod gpu;
#[cfg(not(feature = "gpu"))]
mod no_adapters;
pub mod oracle;
pub mod select;
mod splats;
mod timing;

use std::sync::Arc;

pub use descent::Descent;
pub use splats::{GEOMETRY_MOMENTS, Splats};
pub use timing::StageTime;

use crate::blend::{Blend, Normalized};
use crate::error::{Error, Result};
use crate::image::{Image, Size};
use crate::loss::{Loss, LossTerms};

/// A place where splats are drawn, see [`Splats`] for the layout of moments and tangents.
///
/// The three operations are linear maps once the geometry is fixed, and `vjp` is the adjoint of
/// `jvp`: `<jvp(t), G> = <t, vjp(G)>`.
pub trait Backend: Send {
    /// What this backend runs on, for people: `"cpu (2 threads, AVX-512)"`.
    fn description(&self) -> &str;

    /// The sum of all splats, shape `[C, H, W]`.
    ///
    /// # Errors
    /// [`Error::Device`] where the device fails, [`Error::Limit`] where it is too small.
    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image>;

    /// Moments of every splat against the gradient image, `[N, C + 5]`.
    ///
    /// # Errors
    /// As [`Self::render`]; [`Error::Invalid`] if the channels differ.
    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>>;

    /// The derivative of the picture along a tangent, `[N, C + 5]`, shape `[C, H, W]`.
    ///
    /// # Errors
    /// As [`Self::render`]; [`Error::Invalid`] if the lengths differ.
    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image>;

    /// Loss against `target` and the moments of its gradient, in one go.
    ///
    /// With the normalized blend the splats have one channel more than the target, the coverage,
    /// and so have the moments.
    ///
    /// `moments` is resized to `[N, C + 5]`. Backends override this where render, loss and vjp
    /// can share work; the result is the same.
    ///
    /// # Errors
    /// As [`Self::render`]; [`Error::Invalid`] if the channels differ.
    fn loss_and_vjp(
        &mut self,
        splats: &Splats,
        target: &Arc<Image>,
        loss: &Loss,
        blend: Blend,
        moments: &mut Vec<f32>,
    ) -> Result<LossTerms> {
        unfused(self, splats, target, loss, blend, moments)
    }

    /// Whole iterations without the host, of backends that have a device for them.
    fn descent(&mut self) -> Option<&mut dyn Descent> {
        None
    }

    /// Takes the time of every stage from now on, or no longer. What was taken before is dropped
    /// when it is switched on. Off at first; taking times changes no result.
    ///
    /// A backend that knows no stages ignores it.
    fn profile(&mut self, on: bool) {
        let _ = on;
    }

    /// The time per stage since [`Self::profile`] was switched on, in the order of the stages.
    fn timings(&self) -> Vec<StageTime> {
        Vec::new()
    }
}

/// [`Backend::loss_and_vjp`] step by step, through pictures in memory.
fn unfused<B: Backend + ?Sized>(
    backend: &mut B,
    splats: &Splats,
    target: &Image,
    loss: &Loss,
    blend: Blend,
    moments: &mut Vec<f32>,
) -> Result<LossTerms> {
    let sums = backend.render(splats, target.size())?;
    let (terms, gradient) = match blend {
        Blend::Additive => loss.evaluate(&sums, target)?,
        Blend::Normalized { epsilon } => {
            let drawn = Normalized::new(&sums, epsilon);
            let (terms, gradient) = loss.evaluate(&drawn.picture, target)?;
            (terms, drawn.gradient_of_sums(&gradient))
        }
    };
    *moments = backend.vjp(splats, &gradient)?;
    Ok(terms)
}

/// Checks that a tangent has `C + 5` numbers for every splat.
fn check_tangent(splats: &Splats, tangent: &[f32]) -> Result<()> {
    let expected = splats.len() * splats.moments_per_splat();
    if tangent.len() != expected {
        return Err(Error::Invalid(format!(
            "a tangent of {} splats has {expected} numbers, not {}",
            splats.len(),
            tangent.len()
        )));
    }
    Ok(())
}

/// Checks that the splats have the channels that a blend needs to draw a picture like `target`.
fn check_target(splats: &Splats, target: &Image, blend: Blend) -> Result<()> {
    let coverage = usize::from(matches!(blend, Blend::Normalized { .. }));
    if target.channels() + coverage != splats.channels {
        return Err(Error::Invalid(format!(
            "splats with {} channels, {coverage} of them coverage, and a target with {} do not \
             belong together",
            splats.channels,
            target.channels()
        )));
    }
    Ok(())
}

/// Checks that a gradient image has the splats' channels.
fn check_channels(splats: &Splats, image: &Image) -> Result<()> {
    if image.channels() != splats.channels {
        return Err(Error::Invalid(format!(
            "splats with {} channels and a picture with {} do not belong together",
            splats.channels,
            image.channels()
        )));
    }
    Ok(())
}
