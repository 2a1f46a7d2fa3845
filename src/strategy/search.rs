//! Searches without gradients: ask for Gaussians, be told what they draw.

use std::fmt::Debug;

use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::Value;

use crate::covariance::{Covariance, ScaleBounds};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::loss::Loss;

/// What a search stands on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The picture, shape `[C, H, W]`.
    pub target: &'a Image,
    /// The coordinates that Gaussians move in.
    pub covariance: &'static dyn Covariance,
    /// Bounds of the standard deviations.
    pub bounds: ScaleBounds,
    /// The loss.
    pub loss: &'a Loss,
    /// Part of the search that is over, 0 to 1.
    pub progress: f64,
}

/// Gaussians that were drawn, and what they came to.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// The Gaussians.
    pub gaussians: &'a Gaussians,
    /// Their loss.
    pub loss: f64,
    /// What they draw, shape `[C, H, W]`.
    pub picture: &'a Image,
}

/// A search in progress. Every trial is one rendering: half a pass.
///
/// The best Gaussians are kept by who asks. The same generator state gives the same trials.
pub trait Search: Debug + Send {
    /// Takes the Gaussians to start from, which are the first trial.
    fn begin(&mut self, start: &Tried<'_>, ground: &Ground<'_>);

    /// The Gaussians to try next.
    fn ask(&mut self, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) -> Gaussians;

    /// What they came to.
    fn tell(&mut self, tried: &Tried<'_>, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus);

    /// The whole state, for a checkpoint.
    fn save(&self) -> Value;

    /// Takes up a state that [`Self::save`] gave.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`] if the state is not one of this search's.
    fn restore(&mut self, state: &Value) -> Result<()>;
}
