//! What a strategy is asked to do.

use std::collections::BTreeMap;

use super::Strategy;
use super::leg::{Descent, Leg, Work};
use crate::covariance::{self, Covariance};
use crate::error::Result;
use crate::fit::FitOptions;
use crate::image::Image;
use crate::optim::Numbers;

/// What a strategy is asked to do, and with what.
pub struct Brief<'a> {
    /// What all stages of the run share; the method in it is nobody's.
    pub fit: &'a FitOptions,
    /// The picture, shape `[C, H, W]`.
    pub target: &'a Image,
    /// Passes over the picture to spend, at least 1.
    pub passes: u64,
    /// Whether no other stage stands before this one.
    pub first: bool,
    /// The strategy's numbers.
    pub numbers: Numbers,
}

impl Brief<'_> {
    /// The strategy's setting in place `index`.
    pub fn number(&self, index: usize) -> f64 {
        self.numbers.get(index, &Default::default())
    }

    /// The options of the run with another method.
    pub fn options(&self, method: &str) -> FitOptions {
        let mut options = self.fit.clone();
        options.optimizer.rule = method.into();
        options
    }

    /// What another strategy would do, with its default numbers.
    ///
    /// # Errors
    /// Those of its plan.
    pub fn plan_of(&self, strategy: &'static Strategy) -> Result<Vec<Leg>> {
        let numbers = Numbers::new(&strategy.part, &BTreeMap::new());
        (strategy.plan)(&Brief { numbers, ..*self })
    }

    /// The rule that descends best in the run's coordinates.
    pub fn best_rule(&self) -> &'static str {
        best_rule(self.fit)
    }

    /// A descent by the best rule.
    pub fn descent(&self, passes: u64) -> Leg {
        Leg { passes, work: Work::descent(Descent::new(self.options(self.best_rule()))) }
    }
}

/// The rule that descends best in the coordinates of `fit`.
pub(super) fn best_rule(fit: &FitOptions) -> &'static str {
    if fit.covariance == covariance::BodyFrame.name() { "lbfgs" } else { "adam" }
}
