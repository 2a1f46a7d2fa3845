//! One update of the parameters: the optimizer's step, and the line search around it.

use std::cell::RefCell;

use super::curvature::WholeCurvature;
use super::fitter::{Evaluation, Fitter};
use super::parameters;
use super::progress::Progress;
use super::search::Search;
use crate::blend::Blend;
use crate::error::Result;
use crate::loss::Loss;
use crate::optim::{PerGroup, Products, Step, Trial, TrustRegion};

/// Iterations for which blocks that cost a pass over the picture are kept.
pub(super) const BLOCKS_EVERY: u64 = 10;

impl Fitter<'_> {
    /// Moments to gradients, without what the bounds of the scales would undo.
    pub(super) fn differentiate(&mut self) {
        let gaussians = &self.state.gaussians;
        parameters::pull_back(gaussians, self.covariance, &self.moments, &mut self.updates);
        if let Some(rate) = &self.options.rate {
            rate.add_gradient(gaussians, f64::from(self.curvature()), &mut self.updates);
        }
        let horizon = self.options.stop.iterations;
        let clock = self.state.clock(horizon);
        self.optimizer.add_gradient(gaussians, &clock, &mut self.updates);
        if self.optimizer.needs().is_body_frame() {
            parameters::project(gaussians, self.covariance, &mut self.updates, self.bounds);
        }
        self.options.rest.still(gaussians, &mut self.updates);
    }

    /// Curvature of the loss along one value of one pixel, about: the terms other than the
    /// squares only take part by their weight.
    pub(super) fn curvature(&self) -> f32 {
        let Loss { l1, l2, ssim } = self.options.loss;
        2.0 * (l1 + l2 + ssim) / self.target.data().len() as f32
    }

    /// Moves the Gaussians, for good or, with a line search, for trial.
    pub(super) fn update(&mut self, loss: f64, rates: PerGroup<f32>) -> Result<()> {
        self.set_blocks()?;
        if !self.optimizer.needs().line_search {
            return self.plain_update(rates);
        }
        let gradient = self.updates.clone();
        self.direct(rates)?;
        let base = self.state.gaussians.clone();
        self.take(Search::new(base, gradient, self.updates.clone(), loss));
        Ok(())
    }

    /// Moves the Gaussians by the optimizer's whole step.
    pub(super) fn plain_update(&mut self, rates: PerGroup<f32>) -> Result<()> {
        self.direct(rates)?;
        if self.optimizer.needs().blocks {
            TrustRegion::default().clip(&mut self.updates);
        }
        let rest = &self.options.rest;
        let before = (!rest.is_empty()).then(|| self.state.gaussians.clone());
        let gaussians = &mut self.state.gaussians;
        parameters::retract(gaussians, self.covariance, &self.updates, self.bounds);
        self.constrain();
        self.finish_step();
        if let Some(before) = before {
            self.options.rest.restore(&before, &mut self.state.gaussians);
        }
        Ok(())
    }

    /// From gradients to the step.
    fn direct(&mut self, rates: PerGroup<f32>) -> Result<()> {
        let (needs, curvature) = (self.optimizer.needs(), self.curvature());
        let horizon = self.options.stop.iterations;
        let Self { optimizer, state, renderer, covariance, updates, .. } = self;
        let gaussians = &state.gaussians;
        let values = needs.values.then(|| parameters::values(gaussians, *covariance));
        let products = needs.products.then(|| WholeCurvature {
            renderer: RefCell::new(renderer),
            gaussians,
            covariance: *covariance,
            curvature,
        });
        let step = Step {
            rates,
            blocks: needs.blocks.then_some(&state.blocks),
            products: products.as_ref().map(|products| products as &dyn Products),
            values: values.as_ref(),
            curvature,
            clock: state.clock(horizon),
        };
        optimizer.update(updates, &step)
    }

    fn set_blocks(&mut self) -> Result<()> {
        if !self.optimizer.needs().blocks {
            return Ok(());
        }
        let (curvature, iteration) = (self.curvature(), self.state.iteration);
        if self.options.blend == Blend::Additive {
            self.state.blocks.set(&self.state.gaussians, curvature);
        } else if self.state.blocks.is_empty() || iteration >= self.state.last_blocks + BLOCKS_EVERY
        {
            let channels = self.state.gaussians.channels();
            if let Some(weights) = self.renderer.squared_weights()? {
                self.state.blocks.set_normalized(channels, &weights, curvature);
            }
            self.state.last_blocks = iteration;
        }
        Ok(())
    }

    /// Moves to the trial of a search.
    fn take(&mut self, search: Search) {
        self.state.gaussians.clone_from(&search.base);
        let gaussians = &mut self.state.gaussians;
        parameters::retract(gaussians, self.covariance, &search.step, self.bounds);
        self.constrain();
        self.options.rest.restore(&search.base, &mut self.state.gaussians);
        self.state.search = Some(search);
    }

    /// Ends the search with a step that is good; else says what to do.
    pub(super) fn judge(&mut self, loss: f64) -> Option<Trial> {
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
    pub(super) fn retry(&mut self, trial: Trial, evaluation: &Evaluation) -> Result<Progress> {
        let mut progress = self.progress(evaluation);
        progress.rejected = true;
        let Some(mut search) = self.state.search.take() else { return Ok(progress) };
        if trial == Trial::GiveUp {
            self.optimizer.reset();
            self.state.failures += 1;
        }
        progress.stop = self.stop_reason(f64::NEG_INFINITY);
        if progress.stop.is_some() {
            self.state.gaussians = search.base;
            return self.end(progress);
        }
        if let Trial::Shorten(scale) = trial {
            search.set_scale(scale);
            self.take(search);
        } else {
            self.state.gaussians.clone_from(&search.base);
            self.renderer.set(&self.state.gaussians);
            self.updates.clone_from(&search.gradient);
            if !self.is_revision_due() {
                self.update(search.rule.loss(), evaluation.rates)?;
            }
        }
        self.advance();
        Ok(progress)
    }

    /// Ends with the state that the search started from: where details are asked for, its
    /// figures stand for those of the trial.
    fn end(&mut self, trial: Progress) -> Result<Progress> {
        if !self.has_details() {
            return Ok(trial);
        }
        let evaluation = self.evaluate()?;
        self.differentiate();
        let mut progress = self.progress(&evaluation);
        progress.stop = trial.stop;
        progress.details = Some(self.details()?);
        Ok(progress)
    }
}
