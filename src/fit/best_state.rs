//! The best state of a fit: kept on the way, and gone back to where nothing else helps.

use super::fitter::{Evaluation, Fitter};
use super::progress::{Progress, StopReason};
use super::state::{Best, State};
use crate::error::{Error, Result};

/// Roll-backs in a row, without a better state in between, after which a fit gives up.
const MAX_ROLLBACKS: u32 = 6;

impl Fitter<'_> {
    /// The best state so far; before the first step, the start.
    pub fn best(&self) -> Best {
        self.state.best.clone().unwrap_or_else(|| Best {
            gaussians: self.state.gaussians.clone(),
            iteration: self.state.iteration,
            loss: f64::INFINITY,
            psnr_db: f64::NEG_INFINITY,
        })
    }

    /// Keeps the present state if it is the best so far.
    pub(super) fn remember(&mut self, loss: f64, psnr_db: f64) {
        let State { iteration, gaussians, best, rollbacks, last_rise, .. } = &mut self.state;
        self.options.stop.note(last_rise, psnr_db, *iteration);
        match best {
            // More Gaussians than wanted are no result.
            Some(_) if gaussians.len() > self.options.gaussians => return,
            Some(best) if best.loss <= loss => return,
            // The common case, without new allocations.
            Some(best) => {
                best.gaussians.clone_from(gaussians);
                (best.iteration, best.loss, best.psnr_db) = (*iteration, loss, psnr_db);
            }
            None => {
                let gaussians = gaussians.clone();
                *best = Some(Best { gaussians, iteration: *iteration, loss, psnr_db });
            }
        }
        *rollbacks = 0;
    }

    /// Back to the best state at half the rate. The moments are forgotten: they may hold what
    /// was not finite.
    pub(super) fn roll_back(&mut self, evaluation: &Evaluation) -> Result<Progress> {
        let iteration = self.state.iteration;
        self.state.rollbacks += 1;
        let give_up = self.state.rollbacks > MAX_ROLLBACKS;
        let Some(best) = self.state.best.as_ref().filter(|_| !give_up) else {
            return Err(Error::Diverged { iteration, attempts: self.state.rollbacks - 1 });
        };
        self.state.gaussians.clone_from(&best.gaussians);
        self.state.rate_scale *= 0.5;
        self.advance();
        self.state.search = None;
        self.state.blocks.clear();
        self.optimizer.reset();
        self.place.unload();
        let mut progress = self.progress(evaluation);
        (progress.iteration, progress.psnr_db) = (self.state.iteration, f64::NAN);
        progress.rolled_back = Some(self.state.rate_scale);
        if self.state.iteration > self.options.stop.iterations {
            progress.stop = Some(StopReason::Iterations);
        }
        Ok(progress)
    }
}
