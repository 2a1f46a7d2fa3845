//! A search on a backend: draws what it asks for, counts, and keeps the best.

use std::sync::Arc;
use std::time::Instant;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::search::{Ground, Search, Tried};
use crate::backend::Backend;
use crate::covariance::{self, Covariance};
use crate::error::{Error, Result};
use crate::fit::{Best, FitOptions, Progress, StopReason};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::loss::LossTerms;
use crate::metrics::psnr_db_from_mse;
use crate::optim::PerGroup;
use crate::renderer::Renderer;

/// A search in progress.
pub(super) struct Seeker<'a> {
    renderer: Renderer<'a>,
    target: Arc<Image>,
    options: FitOptions,
    covariance: &'static dyn Covariance,
    search: Box<dyn Search>,
    state: State,
    started: Instant,
}

/// What changes, the search's own state apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    /// Renderings so far; two are a pass.
    renderings: u64,
    /// The Gaussians that were last tried.
    gaussians: Gaussians,
    best: Option<Best>,
    seconds: f64,
    random: Xoshiro256PlusPlus,
}

/// A search as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    search: serde_json::Value,
    state: State,
}

impl<'a> Seeker<'a> {
    /// A search from `gaussians`, over the passes of the options' stop rules.
    pub fn new(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        search: Box<dyn Search>,
        gaussians: Gaussians,
    ) -> Result<Self> {
        let random = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        let state = State { renderings: 0, gaussians, best: None, seconds: 0.0, random };
        Self::assemble(backend, target, options, search, state)
    }

    /// Goes on with what [`Self::save`] gave.
    pub fn restore(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        mut search: Box<dyn Search>,
        saved: &Saved,
    ) -> Result<Self> {
        saved.state.gaussians.check()?;
        search.restore(&saved.search)?;
        Self::assemble(backend, target, options, search, saved.state.clone())
    }

    fn assemble(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        search: Box<dyn Search>,
        state: State,
    ) -> Result<Self> {
        Ok(Self {
            renderer: Renderer::new(backend, options.blend, target.size()),
            covariance: covariance::by_name(&options.covariance)?,
            target,
            options,
            search,
            state,
            started: Instant::now(),
        })
    }

    pub fn save(&self) -> Saved {
        let mut state = self.state.clone();
        state.seconds = self.seconds();
        Saved { search: self.search.save(), state }
    }

    pub fn seconds(&self) -> f64 {
        self.state.seconds + self.started.elapsed().as_secs_f64()
    }

    /// Half passes so far, a rendering each.
    pub fn half_passes(&self) -> u64 {
        self.state.renderings
    }

    pub fn best(&self) -> Option<&Best> {
        self.state.best.as_ref()
    }

    pub fn gaussians(&self) -> &Gaussians {
        &self.state.gaussians
    }

    pub fn into_backend(self) -> &'a mut dyn Backend {
        self.renderer.into_backend()
    }

    /// One trial.
    ///
    /// # Errors
    /// Whatever the backend fails with; [`Error::Invalid`] if the start's loss is not finite.
    pub fn step(&mut self) -> Result<Progress> {
        let Self { renderer, target, options, covariance, search, state, .. } = self;
        let passes = options.stop.iterations;
        let ground = Ground {
            target,
            covariance: *covariance,
            bounds: options.scale_bounds(target.size()),
            loss: &options.loss,
            progress: (0.5 * state.renderings as f64 / passes.max(1) as f64).min(1.0),
        };
        let first = state.renderings == 0;
        if !first {
            state.gaussians = search.ask(&ground, &mut state.random);
        }
        renderer.set(&state.gaussians);
        let picture = renderer.render()?;
        state.renderings += renderer.take_sweeps();
        let (terms, _) = options.loss.evaluate(&picture, target)?;
        let loss = terms.total(&options.loss);
        if first && !loss.is_finite() {
            return Err(Error::Invalid(format!("a search cannot start from a loss of {loss}")));
        }
        let tried = Tried { gaussians: &state.gaussians, loss, picture: &picture };
        if first {
            search.begin(&tried, &ground);
        } else {
            search.tell(&tried, &ground, &mut state.random);
        }
        Ok(self.report(terms, loss))
    }

    fn report(&mut self, terms: LossTerms, loss: f64) -> Progress {
        let psnr_db = psnr_db_from_mse(terms.mse_8bit);
        let (seconds, state) = (self.seconds(), &mut self.state);
        let iteration = state.renderings / 2;
        let better = state.best.as_ref().is_none_or(|best| loss < best.loss);
        if better {
            let gaussians = state.gaussians.clone();
            state.best = Some(Best { gaussians, iteration, loss, psnr_db });
        }
        let rules = &self.options.stop;
        let best_psnr_db = state.best.as_ref().map_or(psnr_db, |best| best.psnr_db);
        let stop = if rules.target_psnr_db.is_some_and(|target| best_psnr_db >= target) {
            Some(StopReason::TargetPsnr)
        } else if state.renderings >= rules.iterations.saturating_mul(2) {
            Some(StopReason::Iterations)
        } else if rules.time_s.is_some_and(|budget| seconds >= budget) {
            Some(StopReason::Time)
        } else {
            None
        };
        Progress {
            iteration,
            gaussians: state.gaussians.len(),
            terms,
            loss,
            psnr_db,
            best_psnr_db,
            rates: PerGroup::default(),
            seconds,
            rolled_back: None,
            rejected: !better,
            details: None,
            stop,
        }
    }
}
