//! What wrappers, constraints and regularizers do to a fit between its steps.

use super::fitter::Fitter;
use super::parameters;
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::optim::After;

impl Fitter<'_> {
    /// Gives the renderer the Gaussians that this iteration draws.
    pub(super) fn set_drawn(&mut self) {
        let gaussians = &self.state.gaussians;
        match self.optimizer.hidden(gaussians.len(), &self.clock()) {
            None => self.renderer.set(gaussians),
            Some(hidden) => {
                // Without colour a Gaussian adds nothing, and without area it covers nothing.
                let mut drawn = gaussians.clone();
                for (row, _) in hidden.iter().enumerate().filter(|(_, hidden)| **hidden) {
                    drawn.color_of_mut(row).fill(0.0);
                    drawn.mean_px[row] = [-1e6, -1e6];
                }
                self.renderer.set(&drawn);
            }
        }
    }

    /// Takes the gradient anew where a wrapper asks for it; the parameters stay.
    pub(super) fn probe(&mut self) -> Result<()> {
        let Some(tangent) = self.optimizer.probe(&self.updates, &self.clock()) else {
            return Ok(());
        };
        let here = self.state.gaussians.clone();
        let gaussians = &mut self.state.gaussians;
        parameters::retract(gaussians, self.covariance, &tangent, self.bounds);
        self.set_drawn();
        self.loss_and_moments()?;
        self.differentiate();
        self.state.gaussians = here;
        self.set_drawn();
        Ok(())
    }

    /// Puts the Gaussians back into the sets that they are kept in.
    pub(super) fn constrain(&mut self) {
        let horizon = self.options.stop.iterations;
        let mut gaussians = std::mem::replace(&mut self.state.gaussians, Gaussians::empty(0));
        self.optimizer.project(&mut gaussians, &self.state.clock(horizon));
        self.state.gaussians = gaussians;
    }

    /// Wrappers may move the Gaussians after a step.
    pub(super) fn finish_step(&mut self) {
        let horizon = self.options.stop.iterations;
        let mut gaussians = std::mem::replace(&mut self.state.gaussians, Gaussians::empty(0));
        let best = self.state.best.as_ref().map(|best| (&best.gaussians, best.loss));
        let after = After { clock: self.state.clock(horizon), best };
        if self.optimizer.after(&mut gaussians, &after) {
            for factor in &mut gaussians.factor_px {
                *factor = self.covariance.conform(*factor);
            }
        }
        self.state.gaussians = gaussians;
    }
}
