//! A run: one leg after the other, on one backend.

use std::sync::Arc;

use super::checkpoint::{Before, RunCheckpoint, SavedWork};
use super::engine::{Engine, unseen};
use super::leg::{Descent, Leg, Work};
use super::options::RunOptions;
use super::seeker::Seeker;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::fit::{Best, FitOptions, Fitter, PictureId, Progress, StopReason};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::resize::resize;

/// A run in progress. The caller owns the loop, as with [`Fitter`]:
///
/// ```no_run
/// # use std::sync::Arc;
/// # use lgi::{backend::cpu::Cpu, fit::FitOptions, image::{Image, Size}};
/// # use lgi::strategy::{Run, RunOptions};
/// # fn main() -> lgi::Result<()> {
/// let target = Arc::new(Image::zeros(Size::new(64, 64), 3));
/// let mut backend = Cpu::new();
/// let mut options = RunOptions::from(FitOptions::default());
/// options.set_method("annealing:50+lbfgs:100")?;
/// let mut run = Run::new(&mut backend, target, options)?;
/// while run.step()?.stop.is_none() {}
/// let best = &run.best().gaussians;
/// # Ok(())
/// # }
/// ```
pub struct Run<'a> {
    options: RunOptions,
    target: Arc<Image>,
    legs: Vec<Leg>,
    before: Before,
    /// The leg that the run is in; none only after a failure to begin one.
    engine: Option<Engine<'a>>,
    details_every: Option<u64>,
}

impl<'a> Run<'a> {
    /// Places the first Gaussians and solves their colours.
    ///
    /// # Errors
    /// [`Error::Invalid`] for options out of their domain; whatever the backend fails with.
    pub fn new(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: RunOptions,
    ) -> Result<Self> {
        let mut run = Self::unstarted(target, options)?;
        run.engine = Some(run.enter(backend, None)?);
        Ok(run)
    }

    /// Goes on from a checkpoint, with `options` that may differ from the checkpoint's own.
    ///
    /// With the same options, device and binary the result is the same to the byte as that of
    /// the run that wrote the checkpoint.
    ///
    /// # Errors
    /// As [`Fitter::resume`]; [`Error::Invalid`] if the stages are others than those that the
    /// checkpoint was written in.
    pub fn resume(
        backend: &'a mut dyn Backend,
        target: Arc<Image>,
        options: RunOptions,
        checkpoint: RunCheckpoint,
    ) -> Result<Self> {
        checkpoint.picture.check_is(&PictureId::of(&target))?;
        checkpoint.options.fit.check_goes_on(&options.fit)?;
        let mut run = Self::unstarted(target, options)?;
        run.before = checkpoint.before;
        let index = run.before.leg;
        let Some(leg) = run.legs.get(index) else { return Err(run.other_stages(index)) };
        run.engine = Some(match (&leg.work, checkpoint.work) {
            (Work::Descent(descent), SavedWork::Descent(saved)) => {
                let mut options = run.descent_options(descent);
                options.gaussians = saved.options.gaussians;
                let target = halved(&run.target, descent.halvings);
                Engine::fit(Fitter::resume(backend, target, options, *saved)?)
            }
            (Work::Search { build, numbers }, SavedWork::Search(saved)) => {
                let (options, search) = (run.search_options(), build(numbers));
                let target = Arc::clone(&run.target);
                Engine::search(Seeker::restore(backend, target, options, search, &saved)?)
            }
            _ => return Err(run.other_stages(index)),
        });
        Ok(run)
    }

    fn unstarted(target: Arc<Image>, options: RunOptions) -> Result<Self> {
        let legs = options.legs(&target)?;
        let before = Before::default();
        Ok(Self { options, target, legs, before, engine: None, details_every: None })
    }

    fn other_stages(&self, leg: usize) -> Error {
        Error::Invalid(format!(
            "the checkpoint was written in leg {} of another method; {} has {}",
            leg + 1,
            self.options.method(),
            self.legs.len()
        ))
    }

    /// Passes that are left for the present leg; what earlier ones left over is its too.
    fn budget(&self) -> u64 {
        let until: u64 = self.legs[..=self.before.leg].iter().map(|leg| leg.passes).sum();
        (2 * until).saturating_sub(self.before.half_passes) / 2
    }

    fn is_last(&self) -> bool {
        self.before.leg + 1 >= self.legs.len()
    }

    fn descent_options(&self, descent: &Descent) -> FitOptions {
        let mut options = descent.options.clone();
        options.stop = self.options.fit.stop;
        let scale = 1 << (2 * descent.halvings);
        // The last evaluation of a leg has its step in the next: that of the run is not counted.
        let uncounted = u64::from(!self.is_last());
        options.stop.iterations = self.budget().saturating_mul(scale).saturating_sub(uncounted);
        options.stop.time_s = self.time_left_s();
        if descent.halvings > 0 {
            options.stop.target_psnr_db = None;
        }
        options
    }

    fn search_options(&self) -> FitOptions {
        let mut options = self.options.fit.clone();
        options.stop.iterations = self.budget();
        options.stop.time_s = self.time_left_s();
        // Each leg has random numbers of its own.
        options.seed ^= (self.before.leg as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        options
    }

    fn time_left_s(&self) -> Option<f64> {
        self.options.fit.stop.time_s.map(|time| (time - self.before.seconds).max(0.0))
    }

    /// Begins the present leg from `gaussians`, or from the start that the options name.
    fn enter(
        &self,
        backend: &'a mut dyn Backend,
        gaussians: Option<Gaussians>,
    ) -> Result<Engine<'a>> {
        let Some(leg) = self.legs.get(self.before.leg) else {
            return Err(Error::Invalid(format!("{} has no stage", self.options.method())));
        };
        match &leg.work {
            Work::Descent(descent) => {
                let target = halved(&self.target, descent.halvings);
                let mut options = self.descent_options(descent);
                let gaussians = gaussians.filter(|_| !descent.fresh);
                let (backend, gaussians) = match gaussians {
                    None if descent.placed_on_whole && descent.halvings > 0 => {
                        self.placed(backend, options.clone())?
                    }
                    None => return Fitter::new(backend, target, options).map(Engine::fit),
                    Some(gaussians) => (backend, gaussians),
                };
                options.gaussians = options.gaussians.max(gaussians.len());
                let grows = options.density.every > 0;
                let (full, size) = (self.target.size(), target.size());
                let gaussians = resize(&gaussians, options.blend, full, size);
                let mut fitter = Fitter::from_gaussians(backend, target, options, gaussians)?;
                if !grows {
                    fitter.fill_up()?;
                }
                if descent.color_steps > 0 {
                    fitter.refit_colors(descent.color_steps)?;
                }
                Ok(Engine::fit(fitter))
            }
            Work::Search { build, numbers } => {
                let target = Arc::clone(&self.target);
                let (backend, gaussians) = match gaussians {
                    Some(gaussians) => (backend, gaussians),
                    None => self.placed(backend, self.options.fit.clone())?,
                };
                let options = self.search_options();
                Seeker::new(backend, target, options, build(numbers), gaussians).map(Engine::search)
            }
        }
    }

    /// The Gaussians that a fit of the picture itself starts with.
    fn placed(
        &self,
        backend: &'a mut dyn Backend,
        options: FitOptions,
    ) -> Result<(&'a mut dyn Backend, Gaussians)> {
        let fitter = Fitter::new(backend, Arc::clone(&self.target), options)?;
        let gaussians = fitter.gaussians().clone();
        Ok((fitter.into_backend(), gaussians))
    }

    /// How often the picture of the present leg is halved.
    fn halvings(&self) -> u32 {
        match self.legs.get(self.before.leg).map(|leg| &leg.work) {
            Some(Work::Descent(descent)) => descent.halvings,
            _ => 0,
        }
    }

    /// Works out [`crate::fit::Details`] every so many iterations, and at the end of each
    /// descent; searches have none. They change nothing.
    pub fn details_every(&mut self, iterations: Option<u64>) {
        self.details_every = iterations;
        if let Some(engine) = &mut self.engine {
            engine.details_every(iterations);
        }
    }

    /// Forgets the optimizer's moments, as at the first iteration of the present leg.
    pub fn reset_momentum(&mut self) {
        if let Some(engine) = &mut self.engine {
            engine.reset_momentum();
        }
    }

    /// Whether a step, begun after `before` iterations, is one to be recorded: it has details of
    /// the picture itself, or it is the trial of a search that reached a multiple of what
    /// [`Self::details_every`] asked for.
    pub fn is_record_due(&self, before: u64, progress: &Progress) -> bool {
        let leg = self.legs.get(self.before.leg);
        let searches = leg.is_some_and(|leg| matches!(leg.work, Work::Search { .. }));
        let passed = |every: u64| before / every.max(1) < self.iteration() / every.max(1);
        let seen = progress.details.is_some() && !progress.rejected;
        seen || (searches && self.details_every.is_some_and(passed))
    }

    /// The options in force.
    pub fn options(&self) -> &RunOptions {
        &self.options
    }

    /// Passes over the picture so far, a half counted as one.
    pub fn iteration(&self) -> u64 {
        let within = self.engine.as_ref().map_or(0, Engine::half_passes);
        (self.before.half_passes + (within >> (2 * self.halvings()))).div_ceil(2)
    }

    /// The present Gaussians, unless a leg could not begin; those of a leg on a smaller picture
    /// belong to that one.
    pub fn gaussians(&self) -> Option<&Gaussians> {
        self.engine.as_ref().map(Engine::gaussians)
    }

    /// The best state so far; before the first step, the start.
    pub fn best(&self) -> Best {
        let present = self.engine.as_ref().map(|engine| self.whole(engine.best()));
        match (&self.before.best, present) {
            (Some(before), Some(best)) if before.loss <= best.loss => before.clone(),
            (_, Some(best)) => best,
            (Some(before), None) => before.clone(),
            (None, None) => unseen(Gaussians::empty(self.target.channels())),
        }
    }

    /// A state of the present leg as one of the run.
    fn whole(&self, mut best: Best) -> Best {
        best.iteration = self.passes_at(best.iteration);
        let halvings = self.halvings();
        if halvings > 0 {
            let small = halved(&self.target, halvings).size();
            let (blend, full) = (self.options.fit.blend, self.target.size());
            best.gaussians = resize(&best.gaussians, blend, small, full);
            // What they are on the picture itself nobody has seen yet.
            (best.loss, best.psnr_db) = (f64::INFINITY, f64::NEG_INFINITY);
        }
        best
    }

    /// Passes of the run at an iteration of the present leg.
    fn passes_at(&self, iteration: u64) -> u64 {
        (self.before.half_passes + ((2 * iteration) >> (2 * self.halvings()))).div_ceil(2)
    }

    /// Everything that is needed to go on from here.
    ///
    /// # Errors
    /// [`Error::Invalid`] after a leg that could not begin.
    pub fn checkpoint(&self) -> Result<RunCheckpoint> {
        let work = self.engine.as_ref().map(Engine::save).ok_or_else(ended)?;
        let (picture, options) = (PictureId::of(&self.target), self.options.clone());
        Ok(RunCheckpoint::new(picture, options, self.before.clone(), work, self.iteration()))
    }

    /// One step of the present leg: an iteration of a descent, or a trial of a search.
    ///
    /// Figures of a leg on a smaller picture are those of that picture, and are marked as
    /// rejected, as those of trials that were not kept.
    ///
    /// # Errors
    /// As [`Fitter::step`]. The best state stays available after an error.
    pub fn step(&mut self) -> Result<Progress> {
        let halvings = self.halvings();
        let mut progress = self.engine.as_mut().ok_or_else(ended)?.step()?;
        progress.iteration = self.passes_at(progress.iteration);
        progress.seconds += self.before.seconds;
        progress.rejected |= halvings > 0;
        if let Some(before) = &self.before.best {
            let known = if halvings > 0 { f64::NEG_INFINITY } else { progress.best_psnr_db };
            progress.best_psnr_db = before.psnr_db.max(known);
        }
        let ends_leg = matches!(
            progress.stop,
            Some(StopReason::Iterations | StopReason::Converged | StopReason::Patience)
        );
        if ends_leg && !self.is_last() {
            progress.stop = None;
            self.next_leg()?;
        }
        Ok(progress)
    }

    /// Goes on to the next leg that has passes left; the last one ends the run.
    fn next_leg(&mut self) -> Result<()> {
        let best = self.best();
        let engine = self.engine.take().ok_or_else(ended)?;
        let halvings = self.halvings();
        let gaussians = self.whole(engine.best()).gaussians;
        if halvings == 0 {
            self.before.best = Some(best);
        }
        self.before.half_passes += engine.half_passes_in_all().div_ceil(1 << (2 * halvings));
        self.before.seconds += engine.seconds();
        self.before.leg += 1;
        while !self.is_last() && self.budget() == 0 {
            self.before.leg += 1;
        }
        let mut engine = self.enter(engine.into_backend(), Some(gaussians))?;
        engine.details_every(self.details_every);
        self.engine = Some(engine);
        Ok(())
    }
}

fn ended() -> Error {
    Error::Invalid("the run has failed and cannot go on".into())
}

fn halved(target: &Arc<Image>, times: u32) -> Arc<Image> {
    (0..times).fold(Arc::clone(target), |picture, _| Arc::new(picture.halved()))
}
