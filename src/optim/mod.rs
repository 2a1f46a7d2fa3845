//! Optimizers: chains of small transforms that turn gradients into steps.
//!
//! The model is optax's: a [`Transform`] maps updates to updates and keeps its own state; a
//! [`Chain`] applies several in order. What leaves the chain is the step itself, sign included,
//! in the coordinates of the parameterisation. Nothing here knows a picture or a backend.
//!
//! A new update rule is one file here and one line in [`RULES`]; a new schedule is one file in
//! [`schedule`] and one line in [`schedule::ALL`].

mod adam;
mod chain;
mod clip_norm;
mod clip_value;
mod gauss_newton;
mod groups;
mod lbfgs;
mod learning_rate;
mod line_search;
mod natural;
mod rows;
pub mod schedule;
mod trust_region;
mod vectors;

pub use adam::Adam;
pub use chain::Chain;
pub use clip_norm::ClipNorm;
pub use clip_value::ClipValue;
pub use gauss_newton::GaussNewton;
pub use groups::{Group, Groups, PerGroup};
pub use lbfgs::Lbfgs;
pub use learning_rate::ScaleByLearningRate;
pub use line_search::{Backtracking, Trial};
pub use natural::NaturalGradient;
pub use rows::RowMap;
pub use schedule::ScheduleOptions;
pub use trust_region::TrustRegion;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a transform may know about the step being taken.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Learning rate of each group at this iteration: base rate, schedule and backing-off.
    pub rates: PerGroup<f32>,
    /// The blocks of the Gauss-Newton matrix, for rules that ask for them.
    pub blocks: Option<&'a GaussNewton>,
}

/// One link of an optimizer: updates in, updates out.
pub trait Transform: Send {
    /// Name under which the state is stored.
    fn name(&self) -> &'static str;

    /// Transforms the updates of one iteration in place. The first call sees the gradients.
    fn update(&mut self, updates: &mut Groups, step: &Step<'_>);

    /// Says which step was made in the end, for rules that learn from it.
    fn stepped(&mut self, _step: &Groups) {}

    /// Gaussians came, went or moved: what is remembered of each goes with its row.
    fn remap(&mut self, _rows: &RowMap) {}

    /// Forgets everything, as before the first update.
    fn reset(&mut self) {}

    /// The whole state, for a checkpoint.
    fn save(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes up a state that [`Self::save`] gave.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the state is not one of this transform's.
    fn restore(&mut self, _state: &serde_json::Value) -> Result<()> {
        Ok(())
    }
}

/// A second update rule for the end of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// A name in [`RULES`].
    pub rule: String,
    /// Share of the iterations that are its.
    pub share: f32,
}

/// Everything that defines an optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimizerOptions {
    /// Update rule, a name in [`RULES`].
    pub rule: String,
    /// Another rule for the end.
    pub finish: Option<Finish>,
    /// Base learning rates, in the units of the parameterisation.
    pub learning_rate: PerGroup<f32>,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Number of steps that L-BFGS remembers.
    pub memory: usize,
    /// Largest absolute value of any gradient entry.
    pub clip_value: Option<f32>,
    /// Largest Euclidean norm of the whole gradient.
    pub clip_norm: Option<f32>,
    /// Learning rate over the iterations.
    pub schedule: ScheduleOptions,
}

impl Default for OptimizerOptions {
    /// Adam for the body frame. The usual 0.9 / 0.999 for the betas costs 0.7 dB here.
    fn default() -> Self {
        Self {
            rule: "adam".into(),
            finish: None,
            learning_rate: PerGroup { position: 0.4, shape: 0.1, color: 0.02 },
            beta1: 0.8,
            beta2: 0.95,
            // Gradients are means over pixels: far below Adam's usual 1e-8.
            epsilon: 1e-15,
            memory: 8,
            clip_value: None,
            clip_norm: None,
            schedule: ScheduleOptions::default(),
        }
    }
}

/// An update rule and what it needs of the loop around it.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Name on the command line and in files.
    pub name: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// Whether it works on the blocks of the Gauss-Newton matrix, and so in the body frame.
    pub blocks: bool,
    /// Whether its steps are whole ones that a line search shortens; else they are multiplied by
    /// the learning rates.
    pub line_search: bool,
    /// Builds the transforms.
    pub build: fn(&OptimizerOptions) -> Vec<Box<dyn Transform>>,
}

/// The update rules.
pub const RULES: &[Rule] = &[
    Rule {
        name: "adam",
        help: "Adam (Kingma and Ba 2015)",
        blocks: false,
        line_search: false,
        build: |options| vec![adam(options)],
    },
    Rule {
        name: "lbfgs",
        help: "L-BFGS from the Gauss-Newton blocks, with a line search",
        blocks: true,
        line_search: true,
        build: |options| vec![Box::new(Lbfgs::new(options.memory))],
    },
    Rule {
        name: "natural-adam",
        help: "Adam on the natural gradient",
        blocks: true,
        line_search: false,
        build: |options| vec![Box::new(NaturalGradient), adam(options)],
    },
    Rule {
        name: "natural-descent",
        help: "plain descent along the natural gradient",
        blocks: true,
        line_search: false,
        build: |_| vec![Box::new(NaturalGradient)],
    },
];

fn adam(options: &OptimizerOptions) -> Box<dyn Transform> {
    Box::new(Adam::new(options.beta1, options.beta2, options.epsilon))
}

impl OptimizerOptions {
    /// Checks every number against its domain.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the option and the value.
    pub fn check(&self) -> Result<()> {
        self.rule()?;
        for (group, rate) in self.learning_rate.iter() {
            if !rate.is_finite() || *rate < 0.0 {
                return invalid("learning rate", group.name(), *rate, "finite and not negative");
            }
        }
        for (name, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return invalid(name, self.rule.as_str(), beta, "at least 0 and below 1");
            }
        }
        if !self.epsilon.is_finite() || self.epsilon < 0.0 {
            return invalid("epsilon", &self.rule, self.epsilon, "finite and not negative");
        }
        for (name, clip) in [("value", self.clip_value), ("norm", self.clip_norm)] {
            if let Some(limit) = clip.filter(|v| v.is_nan() || *v <= 0.0) {
                return invalid("clip", name, limit, "above 0");
            }
        }
        self.schedule.check()
    }

    /// The update rule.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing the names if there is none of that name.
    pub fn rule(&self) -> Result<&'static Rule> {
        RULES.iter().find(|rule| rule.name == self.rule).ok_or_else(|| {
            let known: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
            Error::Invalid(format!(
                "no update rule {:?}; there are {}",
                self.rule,
                known.join(", ")
            ))
        })
    }

    /// The chain: clipping, the update rule, the learning rate.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn build(&self) -> Result<Chain> {
        self.check()?;
        let mut links: Vec<Box<dyn Transform>> = Vec::new();
        if let Some(limit) = self.clip_value {
            links.push(Box::new(ClipValue { limit }));
        }
        if let Some(limit) = self.clip_norm {
            links.push(Box::new(ClipNorm { limit }));
        }
        let rule = self.rule()?;
        links.extend((rule.build)(self));
        if !rule.line_search {
            links.push(Box::new(ScaleByLearningRate));
        }
        Ok(Chain::new(links))
    }
}

fn invalid(what: &str, which: &str, value: f32, domain: &str) -> Result<()> {
    Err(Error::Invalid(format!("{what} ({which}) must be {domain}, not {value}")))
}
