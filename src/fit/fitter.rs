//! The loop body: evaluate, remember the best, decide, step.

use std::sync::Arc;
use std::time::Instant;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::checkpoint::{Checkpoint, PictureId};
use super::parameters;
use super::search::Search;
use super::state::{Best, State};
use super::{Details, FitOptions, Progress, StopReason};
use crate::backend::Backend;
use crate::blend::Blend;
use crate::covariance::{self, Covariance, ScaleBounds};
use crate::density::costs::{self, Evidence};
use crate::density::{self, Plan};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::init;
use crate::loss::{Loss, LossTerms};
use crate::metrics::psnr_db_from_mse;
use crate::optim::{
    Chain, GaussNewton, Groups, PerGroup, Rule, Step, Transform, Trial, TrustRegion,
};
use crate::renderer::Renderer;

/// Roll-backs in a row, without a better state in between, after which a fit gives up.
const MAX_ROLLBACKS: u32 = 6;

/// Iterations for which blocks that cost a pass over the picture are kept.
const BLOCKS_EVERY: u64 = 10;

/// A fit in progress.
pub struct Fitter<'a> {
    renderer: Renderer<'a>,
    target: Arc<Image>,
    options: FitOptions,
    covariance: &'static dyn Covariance,
    bounds: ScaleBounds,
    optimizer: Chain,
    rule: &'static Rule,
    blocks: GaussNewton,
    state: State,
    moments: Vec<f32>,
    updates: Groups,
    details_every: Option<u64>,
    started: Instant,
}

impl<'a> Fitter<'a> {
    /// Places the first Gaussians and solves their colours.
    ///
    /// # Errors
    /// [`Error::Invalid`] for options out of their domain; whatever the backend fails with.
    pub fn new(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
    ) -> Result<Self> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        options.check()?;
        let first = options.density.first(options.gaussians);
        let mut gaussians = init::by_name(&options.start)?.place(&target, first, &mut random)?;
        let covariance = covariance::by_name(&options.covariance)?;
        for factor in &mut gaussians.factor_px {
            *factor = covariance.conform(*factor);
        }
        let state = State {
            iteration: 0,
            gaussians,
            best: None,
            rate_scale: 1.0,
            rollbacks: 0,
            last_rise: (f64::MIN, 0),
            seconds: 0.0,
            random,
            search: None,
            failures: 0,
        };
        let started = Instant::now();
        let mut fitter = Self::assemble(backend, target, options, state, started)?;
        fitter.options.colors.apply(
            &mut fitter.renderer,
            &mut fitter.state.gaussians,
            &fitter.target,
        )?;
        Ok(fitter)
    }

    /// Goes on from a checkpoint, with `options` that may differ from the checkpoint's own.
    ///
    /// With the same options, device and binary the result is the same to the byte as that of
    /// the run that wrote the checkpoint.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the checkpoint belongs to another picture or the options cannot go
    /// on from it; [`Error::Malformed`] if it is damaged.
    pub fn resume(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        checkpoint: Checkpoint,
    ) -> Result<Self> {
        options.check()?;
        checkpoint.check(&PictureId::of(&target), &options)?;
        let mut fitter =
            Self::assemble(backend, target, options, checkpoint.state, Instant::now())?;
        fitter.optimizer.restore(&checkpoint.optimizer)?;
        Ok(fitter)
    }

    fn assemble(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        state: State,
        started: Instant,
    ) -> Result<Self> {
        Ok(Self {
            renderer: Renderer::new(backend, options.blend, target.size()),
            covariance: covariance::by_name(&options.covariance)?,
            bounds: options.scale_bounds(target.size()),
            optimizer: options.optimizer.build()?,
            rule: options.optimizer.rule()?,
            blocks: GaussNewton::default(),
            target,
            options,
            state,
            moments: Vec::new(),
            updates: Groups::default(),
            details_every: None,
            started,
        })
    }

    /// Works out [`Details`] every so many iterations, and at the end. They change nothing.
    pub fn details_every(&mut self, iterations: Option<u64>) {
        self.details_every = iterations;
    }

    /// Forgets the optimizer's moments, as at the first iteration.
    pub fn reset_momentum(&mut self) {
        self.optimizer.reset();
    }

    /// The options in force.
    pub fn options(&self) -> &FitOptions {
        &self.options
    }

    /// The best state so far; before the first step, the start.
    pub fn best(&self) -> Best {
        self.state.best.clone().unwrap_or_else(|| Best {
            gaussians: self.state.gaussians.clone(),
            iteration: self.state.iteration,
            loss: f64::INFINITY,
            psnr_db: f64::NEG_INFINITY,
        })
    }

    /// The present Gaussians.
    pub fn gaussians(&self) -> &Gaussians {
        &self.state.gaussians
    }

    /// Everything that is needed to go on from here.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut state = self.state.clone();
        state.seconds = self.seconds();
        Checkpoint::new(
            PictureId::of(&self.target),
            self.options.clone(),
            self.optimizer.save(),
            state,
        )
    }

    /// One iteration: one rendering, one gradient, and an update unless the fit has ended.
    ///
    /// A trial of a line search that fails, and a revision of the Gaussians, count as
    /// iterations too.
    ///
    /// # Errors
    /// [`Error::Diverged`] if loss or gradient are not finite again and again; whatever the
    /// backend fails with. The best state stays available after an error.
    pub fn step(&mut self) -> Result<Progress> {
        self.renderer.set(&self.state.gaussians);
        let loss = &self.options.loss;
        let terms = self.renderer.loss_and_vjp(&self.target, loss, &mut self.moments)?;
        let total = terms.total(loss);
        let rates = self.rates()?;
        let psnr_db = psnr_db_from_mse(terms.mse_8bit);
        if let Some(trial) = self.judge(total) {
            return self.retry(trial, terms, total, psnr_db, rates);
        }
        self.differentiate();
        let finite =
            total.is_finite() && self.updates.is_finite() && self.state.gaussians.check().is_ok();
        if !finite {
            return self.roll_back(terms, total, rates);
        }

        self.remember(total, psnr_db);
        let stop = self.stop_reason(psnr_db);
        let mut progress = self.progress(terms, total, psnr_db, rates);
        progress.stop = stop;
        let every = self.details_every;
        if every.is_some_and(|k| stop.is_some() || self.state.iteration.is_multiple_of(k.max(1))) {
            progress.details = Some(self.details()?);
        }
        if stop.is_none() {
            if self.is_revision_due() {
                self.revise()?;
            } else {
                self.update(total, rates)?;
            }
            self.state.iteration += 1;
        }
        Ok(progress)
    }

    /// Moments to gradients, without what the bounds of the scales would undo.
    fn differentiate(&mut self) {
        let gaussians = &self.state.gaussians;
        parameters::pull_back(gaussians, self.covariance, &self.moments, &mut self.updates);
        if self.rule.blocks {
            parameters::project(gaussians, self.covariance, &mut self.updates, self.bounds);
        }
    }

    /// Curvature of the loss along one value of one pixel, about: the terms other than the
    /// squares only take part by their weight.
    fn curvature(&self) -> f32 {
        let Loss { l1, l2, ssim } = self.options.loss;
        2.0 * (l1 + l2 + ssim) / self.target.data().len() as f32
    }

    fn update(&mut self, loss: f64, rates: PerGroup<f32>) -> Result<()> {
        if self.rule.blocks {
            self.set_blocks()?;
        }
        let step = Step { rates, blocks: self.rule.blocks.then_some(&self.blocks) };
        if self.rule.line_search {
            let gradient = self.updates.clone();
            self.optimizer.update(&mut self.updates, &step);
            let base = self.state.gaussians.clone();
            let search = Search::new(base, gradient, self.updates.clone(), loss);
            self.take(search);
        } else {
            self.optimizer.update(&mut self.updates, &step);
            if self.rule.blocks {
                TrustRegion::default().clip(&mut self.updates);
            }
            let gaussians = &mut self.state.gaussians;
            parameters::retract(gaussians, self.covariance, &self.updates, self.bounds);
        }
        Ok(())
    }

    fn set_blocks(&mut self) -> Result<()> {
        let curvature = self.curvature();
        if self.options.blend == Blend::Additive {
            self.blocks.set(&self.state.gaussians, curvature);
        } else if self.blocks.is_empty() || self.state.iteration.is_multiple_of(BLOCKS_EVERY) {
            let channels = self.state.gaussians.channels();
            if let Some(weights) = self.renderer.squared_weights()? {
                self.blocks.set_normalized(channels, &weights, curvature);
            }
        }
        Ok(())
    }

    /// Moves to the trial of a search.
    fn take(&mut self, search: Search) {
        self.state.gaussians.clone_from(&search.base);
        let gaussians = &mut self.state.gaussians;
        parameters::retract(gaussians, self.covariance, &search.step, self.bounds);
        self.state.search = Some(search);
    }

    /// Ends the search with a step that is good; else says what to do.
    fn judge(&mut self, loss: f64) -> Option<Trial> {
        let search = self.state.search.as_mut()?;
        let trial = search.rule.judge(loss, search.slope);
        if trial != Trial::Accept {
            return Some(trial);
        }
        self.optimizer.stepped(&search.step);
        self.state.search = None;
        self.state.failures = 0;
        None
    }

    /// After a trial that was no good: a shorter step, or a direction with nothing remembered.
    fn retry(
        &mut self,
        trial: Trial,
        terms: LossTerms,
        loss: f64,
        psnr_db: f64,
        rates: PerGroup<f32>,
    ) -> Result<Progress> {
        let mut progress = self.progress(terms, loss, psnr_db, rates);
        progress.rejected = true;
        if let Some(mut search) = self.state.search.take() {
            if let Trial::Shorten(scale) = trial {
                search.set_scale(scale);
                self.take(search);
            } else {
                self.optimizer.reset();
                self.state.failures += 1;
                self.state.gaussians.clone_from(&search.base);
                self.updates.clone_from(&search.gradient);
                self.update(search.rule.loss(), rates)?;
            }
        }
        self.state.iteration += 1;
        progress.stop = self.stop_reason(f64::NEG_INFINITY);
        Ok(progress)
    }

    fn is_revision_due(&self) -> bool {
        self.options.density.is_due(self.state.iteration, self.options.stop.iterations)
    }

    /// Adds and relocates Gaussians where that pays.
    fn revise(&mut self) -> Result<()> {
        let State { gaussians, iteration, .. } = &mut self.state;
        let density = &self.options.density;
        let (have, horizon) = (gaussians.len(), self.options.stop.iterations);
        let size = self.target.size();
        let plan = Plan {
            add: density.to_add(have, self.options.gaussians, *iteration, horizon),
            relocate: density.to_relocate(have, *iteration, horizon),
            eagerness: density.eagerness,
            largest_sigma_px: (size.pixels() as f32 / have.max(1) as f32).sqrt(),
        };
        let mut residual = self.renderer.render()?;
        for (value, wanted) in residual.data_mut().iter_mut().zip(self.target.data()) {
            *value -= wanted;
        }
        let weight = 2.0 * self.options.loss.l2 / self.target.data().len() as f32;
        let squares = self.renderer.squared_weights()?;
        let evidence = Evidence {
            moments: &self.moments,
            normalized: squares.as_ref().map(|w| (self.renderer.coverage_moments(), w)),
            weight,
            size,
        };
        let costs = costs::removal(gaussians, &evidence);
        let normalized = self.renderer.normalized();
        let rows = density::revise(gaussians, &residual, normalized, &costs, &plan);
        self.blocks.clear();
        self.optimizer.remap(&rows);
        Ok(())
    }

    fn seconds(&self) -> f64 {
        self.state.seconds + self.started.elapsed().as_secs_f64()
    }

    fn rates(&self) -> Result<PerGroup<f32>> {
        let optimizer = &self.options.optimizer;
        let factor =
            optimizer.schedule.factor(self.state.iteration, self.options.stop.iterations)?;
        Ok(optimizer.learning_rate.map(|rate| rate * factor as f32 * self.state.rate_scale))
    }

    fn progress(
        &self,
        terms: LossTerms,
        loss: f64,
        psnr_db: f64,
        rates: PerGroup<f32>,
    ) -> Progress {
        Progress {
            iteration: self.state.iteration,
            terms,
            loss,
            psnr_db,
            best_psnr_db: self.state.best.as_ref().map_or(psnr_db, |best| best.psnr_db),
            rates,
            seconds: self.seconds(),
            rolled_back: None,
            rejected: false,
            details: None,
            stop: None,
        }
    }

    fn remember(&mut self, loss: f64, psnr_db: f64) {
        let State { iteration, gaussians, best, rollbacks, last_rise, .. } = &mut self.state;
        if psnr_db >= last_rise.0 + self.options.stop.patience_gain_db {
            *last_rise = (psnr_db, *iteration);
        }
        match best {
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

    fn stop_reason(&self, psnr_db: f64) -> Option<StopReason> {
        let rules = &self.options.stop;
        let still = self.state.iteration.saturating_sub(self.state.last_rise.1);
        if rules.target_psnr_db.is_some_and(|target| psnr_db >= target) {
            Some(StopReason::TargetPsnr)
        } else if self.state.iteration >= rules.iterations || self.state.gaussians.is_empty() {
            Some(StopReason::Iterations)
        } else if self.state.failures > 1 {
            Some(StopReason::Converged)
        } else if rules.patience.is_some_and(|patience| still >= patience) {
            Some(StopReason::Patience)
        } else if rules.time_s.is_some_and(|budget| self.seconds() >= budget) {
            Some(StopReason::Time)
        } else {
            None
        }
    }

    fn details(&mut self) -> Result<Details> {
        let (sigma_min_px, sigma_max_px) = parameters::sigma_range_px(&self.state.gaussians);
        Ok(Details {
            gradient_norm: self.updates.norms(),
            sigma_min_px,
            sigma_max_px,
            uncovered_pixels: self.renderer.uncovered_pixels()?,
        })
    }

    /// Back to the best state at half the rate. The moments are forgotten: they may hold what
    /// was not finite.
    fn roll_back(&mut self, terms: LossTerms, loss: f64, rates: PerGroup<f32>) -> Result<Progress> {
        let iteration = self.state.iteration;
        self.state.rollbacks += 1;
        let give_up = self.state.rollbacks > MAX_ROLLBACKS;
        let Some(best) = self.state.best.as_ref().filter(|_| !give_up) else {
            return Err(Error::Diverged { iteration, attempts: self.state.rollbacks - 1 });
        };
        self.state.gaussians.clone_from(&best.gaussians);
        self.state.rate_scale *= 0.5;
        self.state.iteration += 1;
        self.state.search = None;
        self.optimizer.reset();
        let mut progress = self.progress(terms, loss, f64::NAN, rates);
        progress.rolled_back = Some(self.state.rate_scale);
        if self.state.iteration > self.options.stop.iterations {
            progress.stop = Some(StopReason::Iterations);
        }
        Ok(progress)
    }
}
