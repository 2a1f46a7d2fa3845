//! Several iterations in one go on the device, and what the host makes of them.

use std::sync::Arc;

use super::fitter::{Evaluation, Fitter};
use super::placement::{Place, Placement};
use super::progress::Progress;
use super::state::Best;
use crate::backend::descent::{Descended, DescentPlan, DescentState};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::loss::LossTerms;
use crate::metrics::psnr_db_from_mse;
use crate::optim::{PerGroup, Step};

/// Most iterations in one go: the host sees losses, and Ctrl-C, in between.
const LONGEST: u64 = 16;

/// Pixels drawn in one go, for the same reason.
const MOST_PIXELS: u64 = 64 << 20;

impl Fitter<'_> {
    /// Makes iterations on the device up to where the host has something to decide; `None` where
    /// it is the host's turn. The state is that after their updates, the progress that of the last.
    pub(super) fn burst(&mut self) -> Result<Option<Progress>> {
        if matches!(self.place, Place::Undecided) {
            self.decide_place()?;
        }
        let Place::Device { .. } = self.place else { return Ok(None) };
        let steps = self.burst_length();
        if steps == 0 {
            return Ok(None);
        }
        // Details are of one iteration, whose progress they go with.
        let (steps, details) = match self.are_details_due(false) {
            true => (1, Some(self.details_beforehand()?)),
            false => (steps, None),
        };
        let mut progress = match self.run_burst(steps) {
            // With another state the device may be able to: that depends on nothing before it.
            Err(Error::Unsupported { .. } | Error::Limit { .. })
                if self.options.placement == Placement::Auto =>
            {
                None
            }
            progress => progress?,
        };
        if let Some(progress) = progress.as_mut().filter(|progress| !progress.rejected) {
            progress.details = details;
        }
        Ok(progress)
    }

    /// How many iterations may be made before the host has something to do; 0 for none.
    fn burst_length(&self) -> u64 {
        let (first, stop) = (self.state.iteration, &self.options.stop);
        let out_of_time = stop.time_s.is_some_and(|budget| self.seconds() >= budget);
        if first >= stop.iterations || out_of_time || self.is_revision_due() {
            return 0;
        }
        let pixels = self.target.size().pixels().max(1) as u64;
        let longest = LONGEST.min(MOST_PIXELS / pixels).max(1).min(self.iterations_until_blocks());
        let last = (first + longest).min(stop.iterations);
        let interrupts = |iteration: &u64| {
            self.is_revision_due_at(*iteration) || self.are_details_due_between(first, *iteration)
        };
        (first + 1..last).find(interrupts).unwrap_or(last) - first
    }

    /// Details of the present state, by a pass of their own that does not count.
    fn details_beforehand(&mut self) -> Result<super::Details> {
        self.evaluate()?;
        self.differentiate();
        let details = self.details();
        self.renderer.take_sweeps();
        details
    }

    /// Makes so many iterations, or as many as there are until a stop rule holds; `None` if it
    /// holds at once.
    fn run_burst(&mut self, steps: u64) -> Result<Option<Progress>> {
        let descended = self.descend(steps)?;
        if let (Some((value, limit)), []) = (descended.too_many_pairs, &descended.losses[..]) {
            let what = "pairs of Gaussian and tile on this device";
            return Err(Error::Limit { what, value, limit });
        }
        if descended.losses.is_empty() && !descended.broken {
            // No trial is any good: what then, the host decides.
            return Ok(None);
        }
        let Some(cut) = self.first_stop(&descended) else {
            return self.commit(&descended).map(Some);
        };
        // The same again, from the state that the host still has, up to there.
        self.place.unload();
        if cut == 0 {
            return Ok(None);
        }
        let descended = self.descend(cut)?;
        self.commit(&descended).map(Some)
    }

    fn descend(&mut self, steps: u64) -> Result<Descended> {
        let mut constants = Vec::new();
        let first = self.state.iteration;
        for ahead in 0..steps {
            let clock = self.clock_at(first + ahead);
            let step =
                Step { curvature: self.curvature(), clock, ..Step::at(self.rates_at(&clock)) };
            constants.extend(self.optimizer.constants(&step, ahead));
        }
        let lengths = self.group_lengths();
        let is_loaded = matches!(self.place, Place::Device { is_loaded: true, .. });
        let quasi_newton = if is_loaded { None } else { self.quasi_newton_state() };
        let Self { place, state, options, renderer, target, optimizer, .. } = self;
        let Place::Device { update, is_loaded } = place else {
            return Err(Error::Device("the method is not placed on the device".into()));
        };
        let blend = options.blend;
        let device = renderer.descent().ok_or_else(|| Error::Device("there is none".into()))?;
        if !*is_loaded {
            let plan = DescentPlan {
                target: Arc::clone(target),
                loss: options.loss,
                blend,
                covariance: self.covariance,
                bounds: self.bounds,
                update: update.clone(),
            };
            let best_loss = match &state.best {
                None => f32::INFINITY,
                // More Gaussians than wanted are no result.
                Some(_) if state.gaussians.len() > options.gaussians => f32::NEG_INFINITY,
                Some(best) => best.loss as f32,
            };
            let gaussians = state.gaussians.clone();
            let memory = optimizer.memory(lengths);
            let state = DescentState { gaussians, memory, best_loss, quasi_newton };
            device.load(&plan, &state)?;
            *is_loaded = true;
        }
        device.descend(&constants, steps as usize)
    }

    /// The first of the iterations at whose loss the fit is to stop.
    fn first_stop(&self, descended: &Descended) -> Option<u64> {
        let mut last_rise = self.state.last_rise;
        let iterations = self.state.iteration..;
        let states = descended.losses.iter().zip(&descended.rejected);
        for (iteration, ((terms, _), rejected)) in iterations.zip(states) {
            let psnr_db =
                if *rejected { f64::NEG_INFINITY } else { psnr_db_from_mse(terms.mse_8bit) };
            self.options.stop.note(&mut last_rise, psnr_db, iteration);
            if self.options.stop.holds(last_rise, psnr_db, iteration).is_some() {
                return Some(iteration - self.state.iteration);
            }
        }
        None
    }

    /// Takes over what the device has done.
    fn commit(&mut self, descended: &Descended) -> Result<Progress> {
        let first = self.state.iteration;
        let steps = descended.losses.len() as u64;
        let lengths = self.group_lengths();
        let device =
            self.renderer.descent().ok_or_else(|| Error::Device("there is none".into()))?;
        let mut held = DescentState {
            gaussians: self.state.gaussians.clone(),
            memory: Vec::new(),
            best_loss: f32::INFINITY,
            quasi_newton: None,
        };
        let mut best = descended.best.map(|_| Gaussians::empty(0));
        device.fetch(&mut held, best.as_mut())?;
        self.state.gaussians = held.gaussians;
        match held.quasi_newton {
            None => self.optimizer.advance(steps, &held.memory, lengths),
            Some(state) => self.take_quasi_newton(state, lengths),
        }
        if let (Some(gaussians), Some(index)) = (best, descended.best) {
            let (terms, loss) = descended.losses[index];
            self.state.best = Some(Best {
                gaussians,
                iteration: first + index as u64,
                loss: loss.into(),
                psnr_db: psnr_db_from_mse(terms.mse_8bit),
            });
            self.state.rollbacks = 0;
        }
        let mut kept = None;
        let states = descended.losses.iter().zip(&descended.rejected);
        for (iteration, ((terms, loss), _)) in (first..).zip(states).filter(|(_, (_, no))| !**no) {
            let psnr_db = psnr_db_from_mse(terms.mse_8bit);
            self.options.stop.note(&mut self.state.last_rise, psnr_db, iteration);
            self.state.losses.push(f64::from(*loss));
            self.state.failures = 0;
            kept = Some(iteration);
        }
        let (terms, loss) = descended.losses.last().copied().unwrap_or((
            LossTerms { l1: f64::NAN, l2: f64::NAN, ssim: 0.0, mse_8bit: f64::NAN },
            f32::NAN,
        ));
        let last = first + steps.saturating_sub(1);
        let evaluation = Evaluation {
            terms,
            total: loss.into(),
            psnr_db: psnr_db_from_mse(terms.mse_8bit),
            rates: self.rates_at(&self.clock_at(last)),
        };
        if descended.broken {
            self.state.iteration = first + steps;
            return self.roll_back(&evaluation);
        }
        self.state.iteration = last;
        let mut progress = self.progress(&evaluation);
        progress.rejected = kept != Some(last);
        self.state.previous_iteration = kept.or(self.state.previous_iteration);
        self.state.iteration += 1;
        Ok(progress)
    }

    fn group_lengths(&self) -> PerGroup<usize> {
        let gaussians = &self.state.gaussians;
        let (count, channels) = (gaussians.len(), gaussians.channels());
        let shape = self.covariance.shape_len() * count;
        PerGroup { position: 2 * count, shape, color: channels * count }
    }
}
