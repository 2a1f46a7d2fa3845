//! A line search between two accepted states.

use serde::{Deserialize, Serialize};

use crate::gaussians::Gaussians;
use crate::optim::{Backtracking, Groups, TrustRegion};

/// Where a line search stands: the Gaussians it started from, and the step that is being tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Search {
    pub base: Gaussians,
    pub gradient: Groups,
    pub direction: Groups,
    pub rule: Backtracking,
    /// The step that is being tried: a share of the direction, clipped.
    pub step: Groups,
    /// `gradient . step`.
    pub slope: f64,
}

impl Search {
    /// A search along `direction`, whose whole length is tried first.
    pub fn new(base: Gaussians, gradient: Groups, direction: Groups, loss: f64) -> Self {
        let mut search = Self {
            base,
            gradient,
            direction,
            rule: Backtracking::new(loss),
            step: Groups::default(),
            slope: 0.0,
        };
        search.set_scale(1.0);
        search
    }

    /// Tries another share of the direction.
    pub fn set_scale(&mut self, scale: f64) {
        self.step.clone_from(&self.direction);
        self.step.scale(scale);
        TrustRegion::default().clip(&mut self.step);
        self.slope = self.gradient.dot(&self.step);
    }
}
