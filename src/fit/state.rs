//! What a fit carries from iteration to iteration.

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::search::Search;
use crate::gaussians::Gaussians;

/// The best state so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Best {
    /// The Gaussians.
    pub gaussians: Gaussians,
    /// Number of updates that led to them.
    pub iteration: u64,
    /// Their loss.
    pub loss: f64,
    /// Their PSNR in dB.
    pub psnr_db: f64,
}

/// What changes from iteration to iteration, the optimizer's own state apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub iteration: u64,
    pub gaussians: Gaussians,
    pub best: Option<Best>,
    /// Factor on all learning rates, halved at each roll-back.
    pub rate_scale: f32,
    /// Roll-backs since the best state.
    pub rollbacks: u32,
    /// PSNR and iteration of the last rise that counted for patience.
    pub last_rise: (f64, u64),
    /// Seconds of earlier runs.
    pub seconds: f64,
    pub random: Xoshiro256PlusPlus,
    /// The line search that is under way.
    pub search: Option<Search>,
    /// Line searches that failed since the last step.
    pub failures: u32,
}
