//! What a fit says after each iteration.

use crate::loss::LossTerms;
use crate::optim::PerGroup;

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All iterations are done.
    Iterations,
    /// PSNR has stopped rising.
    Patience,
    /// The target PSNR is reached.
    TargetPsnr,
    /// The time is up.
    Time,
    /// No step lowers the loss any further.
    Converged,
}

/// One iteration: the state before its update.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Iterations so far: passes over the picture, one rendering and one gradient each.
    pub iteration: u64,
    /// Number of Gaussians.
    pub gaussians: usize,
    /// Terms of the loss.
    pub terms: LossTerms,
    /// Their weighted sum.
    pub loss: f64,
    /// PSNR of the 8-bit picture in dB.
    pub psnr_db: f64,
    /// Highest PSNR so far in dB.
    pub best_psnr_db: f64,
    /// Learning rates of this iteration.
    pub rates: PerGroup<f32>,
    /// Seconds of fitting so far, earlier runs of a resumed fit included.
    pub seconds: f64,
    /// Set if the loss or the gradient was not finite: the fit went back to its best state and
    /// its learning rates are now multiplied by this.
    pub rolled_back: Option<f32>,
    /// Whether this was a trial of a line search that failed: the figures are not those of a
    /// state that was kept.
    pub rejected: bool,
    /// What is only worked out where asked for, see [`super::Fitter::details_every`].
    pub details: Option<Details>,
    /// Set once the fit has ended; no update was made then.
    pub stop: Option<StopReason>,
}

/// Costlier figures of one iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Details {
    /// Euclidean norm of the gradient of each group, before clipping.
    pub gradient_norm: PerGroup<f64>,
    /// Euclidean norm of each group's running mean of gradients, that the step after this
    /// iteration builds on; of methods that have one.
    pub momentum_norm: Option<PerGroup<f64>>,
    /// Smallest standard deviation of any Gaussian in pixels.
    pub sigma_min_px: f32,
    /// Median of the standard deviations along both axes of all Gaussians in pixels.
    pub sigma_median_px: f32,
    /// Largest standard deviation of any Gaussian in pixels.
    pub sigma_max_px: f32,
    /// Median over the Gaussians of the condition number of the factor `L`: the ratio of the
    /// standard deviations.
    pub condition_median: f32,
    /// Largest condition number.
    pub condition_max: f32,
    /// Pixels that no Gaussian reaches.
    pub uncovered_pixels: usize,
}
