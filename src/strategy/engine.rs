//! A leg at work, whichever kind it is.

use super::checkpoint::SavedWork;
use super::seeker::Seeker;
use crate::backend::Backend;
use crate::error::Result;
use crate::fit::{Best, Fitter, Progress};
use crate::gaussians::Gaussians;

/// A leg at work.
pub(super) enum Engine<'a> {
    Fit(Box<Fitter<'a>>),
    Search(Box<Seeker<'a>>),
}

impl<'a> Engine<'a> {
    pub fn fit(fitter: Fitter<'a>) -> Self {
        Self::Fit(Box::new(fitter))
    }

    pub fn search(seeker: Seeker<'a>) -> Self {
        Self::Search(Box::new(seeker))
    }

    /// An iteration of a fit, or a trial of a search.
    pub fn step(&mut self) -> Result<Progress> {
        match self {
            Self::Fit(fitter) => fitter.step(),
            Self::Search(seeker) => seeker.step(),
        }
    }

    /// Half passes over the leg's own picture so far.
    pub fn half_passes(&self) -> u64 {
        match self {
            Self::Fit(fitter) => fitter.half_passes(),
            Self::Search(seeker) => seeker.half_passes(),
        }
    }

    /// Half passes once it has ended. The step that would follow the last evaluation of a fit is
    /// the next leg's; the evaluation is its own.
    pub fn half_passes_in_all(&self) -> u64 {
        match self {
            Self::Fit(fitter) => fitter.half_passes() + 2,
            Self::Search(seeker) => seeker.half_passes(),
        }
    }

    /// Seconds so far, those of earlier runs among them.
    pub fn seconds(&self) -> f64 {
        match self {
            Self::Fit(fitter) => fitter.seconds(),
            Self::Search(seeker) => seeker.seconds(),
        }
    }

    pub fn gaussians(&self) -> &Gaussians {
        match self {
            Self::Fit(fitter) => fitter.gaussians(),
            Self::Search(seeker) => seeker.gaussians(),
        }
    }

    /// The best state; before the first step, the start.
    pub fn best(&self) -> Best {
        match self {
            Self::Fit(fitter) => fitter.best(),
            Self::Search(seeker) => {
                let start = || unseen(seeker.gaussians().clone());
                seeker.best().cloned().unwrap_or_else(start)
            }
        }
    }

    pub fn save(&self) -> SavedWork {
        match self {
            Self::Fit(fitter) => SavedWork::Descent(Box::new(fitter.checkpoint())),
            Self::Search(seeker) => SavedWork::Search(Box::new(seeker.save())),
        }
    }

    /// Works out details every so many iterations; searches have none.
    pub fn details_every(&mut self, iterations: Option<u64>) {
        if let Self::Fit(fitter) = self {
            fitter.details_every(iterations);
        }
    }

    /// Forgets the optimizer's moments; searches have none.
    pub fn reset_momentum(&mut self) {
        if let Self::Fit(fitter) = self {
            fitter.reset_momentum();
        }
    }

    pub fn into_backend(self) -> &'a mut dyn Backend {
        match self {
            Self::Fit(fitter) => fitter.into_backend(),
            Self::Search(seeker) => seeker.into_backend(),
        }
    }
}

/// Gaussians of which nothing is known yet.
pub(super) fn unseen(gaussians: Gaussians) -> Best {
    Best { gaussians, iteration: 0, loss: f64::INFINITY, psnr_db: f64::NEG_INFINITY }
}
