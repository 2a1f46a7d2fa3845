//! What a fit carries from iteration to iteration.

use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::search::Search;
use crate::gaussians::Gaussians;
use crate::optim::{Clock, GaussNewton};

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
    /// Passes over the picture.
    pub iteration: u64,
    /// The same at the state that was kept before this one.
    pub previous_iteration: Option<u64>,
    /// Half of a pass that is not counted yet.
    pub spare_sweeps: u64,
    /// Pixels of tiles that were drawn and are not counted yet.
    #[serde(default)]
    pub tile_pixels: u64,
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
    /// Iteration of the last revision.
    pub last_revision: u64,
    /// Whether the last revision found nothing to do.
    pub idle_revision: bool,
    /// Iteration in which the blocks were last worked out.
    pub last_blocks: u64,
    pub blocks: GaussNewton,
    /// Loss of every state that was kept.
    pub losses: Vec<f64>,
}

impl State {
    /// The time that schedules see, in a stage that ends at `horizon`.
    pub fn clock(&self, horizon: u64) -> Clock<'_> {
        let iteration = self.iteration.min(horizon);
        Clock { iteration, iterations: horizon, losses: &self.losses }
    }

    /// Whether a multiple of `every` was reached or passed since the last state that was kept;
    /// iterations may advance by more than one.
    pub fn has_passed_multiple_of(&self, every: u64) -> bool {
        let every = every.max(1);
        self.previous_iteration.is_none_or(|before| before / every < self.iteration / every)
    }
}
