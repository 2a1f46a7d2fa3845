//! The loop body: evaluate, remember the best, decide, step.

use std::sync::Arc;
use std::time::Instant;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::batch::Tiles;
use super::checkpoint::{Checkpoint, PictureId};
use super::placement::Place;
use super::shapes::Shapes;
use super::state::{Best, State};
use super::{Details, FitOptions, Progress, StopReason, coarse};
use crate::backend::Backend;
use crate::covariance::{self, Covariance, ScaleBounds};
use crate::density::{Lifecycle, Policy};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::init;
use crate::loss::LossTerms;
use crate::metrics::psnr_db_from_mse;
use crate::optim::wrappers::DrawnTile;
use crate::optim::{Clock, GaussNewton, Groups, Optimizer, PerGroup};
use crate::renderer::Renderer;

/// A fit in progress.
pub struct Fitter<'a> {
    pub(super) renderer: Renderer<'a>,
    pub(super) target: Arc<Image>,
    pub(super) options: FitOptions,
    pub(super) covariance: &'static dyn Covariance,
    pub(super) bounds: ScaleBounds,
    pub(super) optimizer: Optimizer,
    /// The learned policy of density control, where it decides.
    pub(super) lifecycle: Option<Lifecycle>,
    pub(super) state: State,
    pub(super) moments: Vec<f32>,
    pub(super) updates: Groups,
    /// The tiles that this iteration is over; none of those over the whole picture.
    pub(super) batch: Option<Vec<DrawnTile>>,
    /// Tiles of the picture, once they were needed.
    pub(super) tiles: Option<Tiles>,
    pub(super) place: Place,
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
        let started = Instant::now();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        options.check()?;
        let first = options.density.first(options.gaussians, options.stop.iterations);
        let mut gaussians = init::by_name(&options.start)?.place(&target, first, &mut random)?;
        let mut passes = 0;
        if options.coarse_iterations > 0 {
            (gaussians, passes) = coarse::start(backend, &target, &options, &gaussians, &random)?;
        }
        let mut fitter = Self::begin(backend, target, options, gaussians, random, passes)?;
        fitter.started = started;
        fitter.solve_colors()?;
        Ok(fitter)
    }

    /// Finds the first colours.
    pub(super) fn solve_colors(&mut self) -> Result<()> {
        let Self { options, renderer, state, target, .. } = self;
        options.colors.apply(renderer, &mut state.gaussians, target)
    }

    /// Starts from Gaussians that are there already, colours and all.
    ///
    /// # Errors
    /// As [`Self::new`]; [`Error::Invalid`] if their channels are not the picture's.
    pub fn from_gaussians(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        gaussians: Gaussians,
    ) -> Result<Self> {
        options.check()?;
        gaussians.check()?;
        if gaussians.channels() != target.channels() {
            return Err(Error::Invalid(format!(
                "Gaussians of {} channels cannot be fitted to a picture of {}",
                gaussians.channels(),
                target.channels()
            )));
        }
        let random = Xoshiro256PlusPlus::seed_from_u64(options.seed);
        Self::begin(backend, target, options, gaussians, random, 0)
    }

    /// Starts from Gaussians that need not have colours, after so many passes.
    pub(super) fn begin(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: FitOptions,
        mut gaussians: Gaussians,
        random: Xoshiro256PlusPlus,
        passes: u64,
    ) -> Result<Self> {
        let covariance = covariance::by_name(&options.covariance)?;
        for factor in &mut gaussians.factor_px {
            *factor = covariance.conform(*factor);
        }
        let state = State {
            iteration: passes,
            previous_iteration: None,
            spare_sweeps: 0,
            tile_pixels: 0,
            gaussians,
            best: None,
            rate_scale: 1.0,
            rollbacks: 0,
            last_rise: (f64::MIN, 0),
            seconds: 0.0,
            random,
            search: None,
            failures: 0,
            last_revision: 0,
            idle_revision: false,
            last_blocks: 0,
            blocks: GaussNewton::default(),
            losses: Vec::new(),
        };
        let started = Instant::now();
        Self::assemble(backend, target, options, state, started)
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
        options.rest.mask.as_ref().map_or(Ok(()), |mask| mask.check(target.size()))?;
        let mut fitter = Self {
            renderer: Renderer::new(backend, options.blend, target.size()),
            covariance: covariance::by_name(&options.covariance)?,
            bounds: options.scale_bounds(target.size()),
            optimizer: options.optimizer.build()?,
            lifecycle: (options.density.policy == Policy::Lifecycle).then(Lifecycle::shipped),
            target,
            options,
            state,
            moments: Vec::new(),
            updates: Groups::default(),
            batch: None,
            tiles: None,
            place: Place::Undecided,
            details_every: None,
            started,
        };
        fitter.decide_place()?;
        Ok(fitter)
    }

    /// Works out [`Details`] every so many iterations, and at the end. They change nothing.
    pub fn details_every(&mut self, iterations: Option<u64>) {
        self.details_every = iterations;
    }

    /// Forgets the optimizer's moments, as at the first iteration.
    pub fn reset_momentum(&mut self) {
        self.optimizer.reset();
        self.place.unload();
    }

    /// Goes on with an optimizer made in code, see [`crate::optim::OptimizerOptions::build_with_rule`], in the
    /// place of the one that the options name. Whoever resumes such a fit gives it again.
    pub fn set_optimizer(&mut self, optimizer: Optimizer) {
        self.optimizer = optimizer;
        self.place = Place::Undecided;
    }

    /// Goes on with a policy made in code, such as one that is being trained.
    pub fn set_lifecycle(&mut self, lifecycle: Lifecycle) {
        self.lifecycle = Some(lifecycle);
    }

    /// The options in force.
    pub fn options(&self) -> &FitOptions {
        &self.options
    }

    /// Iterations so far, see [`Progress::iteration`].
    pub fn iteration(&self) -> u64 {
        self.state.iteration
    }

    /// Half passes so far: renderings and gradients, whole iterations or not.
    pub fn half_passes(&self) -> u64 {
        2 * self.state.iteration + self.state.spare_sweeps + self.half_passes_of_tiles()
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

    /// Finds the colours of the least squared error for the present geometry, by so many steps
    /// of conjugate gradients; they count as passes. To be called before the first step.
    ///
    /// # Errors
    /// As [`init::solve_colors`].
    pub fn refit_colors(&mut self, iterations: usize) -> Result<()> {
        let Self { renderer, state, target, .. } = self;
        init::solve_colors(renderer, &mut state.gaussians, target, iterations)?;
        self.count_sweeps();
        Ok(())
    }

    /// Ends the fit: the best state, and the optimizer with what it remembers of the way there.
    pub fn finish(mut self) -> (Best, Optimizer) {
        let best = self.best();
        if best.gaussians.len() != self.state.gaussians.len() {
            self.optimizer.reset();
        }
        (best, self.optimizer)
    }

    /// Ends the fit and gives the backend back.
    pub fn into_backend(self) -> &'a mut dyn Backend {
        self.renderer.into_backend()
    }

    /// One iteration: one rendering, one gradient, and an update unless the fit has ended.
    ///
    /// A trial of a line search that fails is an iteration too, and renderings and gradients
    /// beside the evaluation count as halves of one: iterations are passes over the picture.
    ///
    /// # Errors
    /// [`Error::Diverged`] if loss or gradient are not finite again and again; whatever the
    /// backend fails with. The best state stays available after an error.
    pub fn step(&mut self) -> Result<Progress> {
        if let Some(progress) = self.burst()? {
            return Ok(progress);
        }
        self.place.unload();
        self.choose_batch()?;
        let evaluation = self.evaluate()?;
        let total = evaluation.total;
        if let Some(trial) = self.judge(total) {
            return self.retry(trial, &evaluation);
        }
        self.differentiate();
        self.probe()?;
        let finite =
            total.is_finite() && self.updates.is_finite() && self.state.gaussians.check().is_ok();
        if !finite {
            return self.roll_back(&evaluation);
        }
        if self.batch.is_some() {
            return self.step_on_batch(&evaluation);
        }

        self.remember(total, evaluation.psnr_db);
        self.state.losses.push(total);
        let mut progress = self.progress(&evaluation);
        progress.stop = self.stop_reason(evaluation.psnr_db);
        if self.are_details_due(progress.stop.is_some()) {
            progress.details = Some(self.details()?);
        }
        self.state.previous_iteration = Some(self.state.iteration);
        if progress.stop.is_none() {
            if self.is_revision_due() {
                self.state.failures = 0;
                self.revise(evaluation.rates)?;
            } else {
                self.update(total, evaluation.rates)?;
            }
            self.advance();
        }
        Ok(progress)
    }

    /// Draws the present Gaussians and takes loss and moments.
    pub(super) fn evaluate(&mut self) -> Result<Evaluation> {
        self.set_drawn();
        let terms = self.loss_and_moments()?;
        let loss = &self.options.loss;
        self.renderer.take_sweeps();
        let rate = self.options.rate.map_or(0.0, |rate| rate.value(&self.state.gaussians));
        let penalty = self.optimizer.penalty(&self.state.gaussians, &self.clock());
        Ok(Evaluation {
            terms,
            total: terms.total(loss) + f64::from(self.curvature()) * rate + penalty,
            psnr_db: psnr_db_from_mse(terms.mse_8bit),
            rates: self.rates_at(&self.clock()),
        })
    }

    /// Counts the evaluation and what was drawn beside it.
    pub(super) fn advance(&mut self) {
        self.state.iteration += u64::from(self.batch.is_none());
        self.count_tiles();
        self.count_sweeps();
    }

    /// Counts what was drawn beside evaluations.
    pub(super) fn count_sweeps(&mut self) {
        let sweeps = self.renderer.take_sweeps() + self.state.spare_sweeps;
        self.state.spare_sweeps = sweeps % 2;
        self.state.iteration += sweeps / 2;
    }

    pub(super) fn are_details_due(&self, ended: bool) -> bool {
        let Some(every) = self.details_every else { return false };
        ended || self.state.has_passed_multiple_of(every)
    }

    /// Whether details are due at `iteration` if they were not after `first`.
    pub(super) fn are_details_due_between(&self, first: u64, iteration: u64) -> bool {
        self.details_every.is_some_and(|every| first / every.max(1) < iteration / every.max(1))
    }

    /// Seconds of fitting so far, earlier runs of a resumed fit included.
    pub fn seconds(&self) -> f64 {
        self.state.seconds + self.started.elapsed().as_secs_f64()
    }

    /// The time that schedules see.
    pub(super) fn clock(&self) -> Clock<'_> {
        self.clock_at(self.state.iteration)
    }

    /// The time that schedules see at an iteration.
    pub(super) fn clock_at(&self, iteration: u64) -> Clock<'_> {
        let horizon = self.options.stop.iterations;
        Clock { iteration: iteration.min(horizon), ..self.state.clock(horizon) }
    }

    /// The learning rates at a time.
    pub(super) fn rates_at(&self, clock: &Clock<'_>) -> PerGroup<f32> {
        let rates = self.options.optimizer.rates(self.optimizer.method().rate(), clock);
        rates.map(|rate| rate * self.state.rate_scale)
    }

    pub(super) fn progress(&self, evaluation: &Evaluation) -> Progress {
        let psnr_db = evaluation.psnr_db;
        Progress {
            iteration: self.state.iteration,
            gaussians: self.state.gaussians.len(),
            terms: evaluation.terms,
            loss: evaluation.total,
            psnr_db,
            best_psnr_db: self.state.best.as_ref().map_or(psnr_db, |best| best.psnr_db),
            rates: evaluation.rates,
            seconds: self.seconds(),
            rolled_back: None,
            rejected: false,
            details: None,
            stop: None,
        }
    }

    pub(super) fn stop_reason(&self, psnr_db: f64) -> Option<StopReason> {
        let rules = &self.options.stop;
        let holds = rules.holds(self.state.last_rise, psnr_db, self.state.iteration);
        if holds == Some(StopReason::TargetPsnr) {
            holds
        } else if self.state.iteration >= rules.iterations || self.state.gaussians.is_empty() {
            Some(StopReason::Iterations)
        } else if self.state.failures > 1 && !self.is_revision_due() {
            Some(StopReason::Converged)
        } else if holds.is_some() {
            holds
        } else if rules.time_s.is_some_and(|budget| self.seconds() >= budget) {
            Some(StopReason::Time)
        } else {
            None
        }
    }

    /// Whether details are ever asked for.
    pub(super) fn has_details(&self) -> bool {
        self.details_every.is_some()
    }

    pub(super) fn details(&mut self) -> Result<Details> {
        let shapes = Shapes::of(&self.state.gaussians);
        Ok(Details {
            gradient_norm: self.updates.norms(),
            momentum_norm: self.optimizer.momentum().map(Groups::norms),
            sigma_min_px: shapes.sigma_min_px,
            sigma_median_px: shapes.sigma_median_px,
            sigma_max_px: shapes.sigma_max_px,
            condition_median: shapes.condition_median,
            condition_max: shapes.condition_max,
            uncovered_pixels: self.renderer.uncovered_pixels()?,
        })
    }
}

/// What one evaluation of the present Gaussians gave.
pub(super) struct Evaluation {
    pub terms: LossTerms,
    pub total: f64,
    pub psnr_db: f64,
    pub rates: PerGroup<f32>,
}
