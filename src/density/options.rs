//! How Gaussians come and go during a fit.

use serde::{Deserialize, Serialize};

use super::stages::{Stage, Stages};
use crate::error::{Error, Result};

/// Who decides which Gaussians stay, go, merge and split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Costs and gains as they are measured.
    #[default]
    Rules,
    /// Costs and gains as a learned policy weighs them, see [`super::Lifecycle`].
    Lifecycle,
}

/// Growth and relocation. Fractions of the fit are fractions of its iterations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DensityOptions {
    /// Share of the Gaussians that a fit starts with; 1 starts with all.
    pub start: f32,
    /// Iterations from one revision to the next; 0 for none at all.
    pub every: u64,
    /// Part of the fit after which all Gaussians are there.
    pub grow_until: f32,
    /// Part of the fit after which Gaussians stay where they are.
    pub relocate_until: f32,
    /// Largest share of the Gaussians that one revision relocates.
    pub relocate: f32,
    /// A Gaussian is relocated where the gain, times this, is above its removal's cost. Above 1,
    /// since the fit that follows makes more of a new place than of an old one.
    pub eagerness: f32,
    /// Share of the gain of a split that is believed, against that of a new place; 0 for no
    /// splits. Part of it comes from a new colour for the old Gaussian, which the next steps
    /// would find without it.
    pub split_trust: f32,
    /// Who decides.
    #[serde(default)]
    pub policy: Policy,
    /// Numbers of each stage of the growth, in the place of `relocate` and `eagerness` and of
    /// equal batches.
    #[serde(default)]
    pub stages: Option<Stages>,
}

impl DensityOptions {
    /// Nothing comes, nothing goes.
    pub const FIXED: Self = Self {
        start: 1.0,
        every: 0,
        grow_until: 0.0,
        relocate_until: 0.0,
        relocate: 0.0,
        eagerness: 3.0,
        split_trust: 0.0,
        policy: Policy::Rules,
        stages: None,
    };

    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the option and the value.
    pub fn check(&self) -> Result<()> {
        let shares = [
            ("start", self.start),
            ("grow_until", self.grow_until),
            ("relocate_until", self.relocate_until),
            ("relocate", self.relocate),
        ];
        for (name, share) in shares {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::Invalid(format!(
                    "density {name} must be between 0 and 1, not {share}"
                )));
            }
        }
        let of_stages = self.stages.iter().flat_map(|stages| stages.0);
        for Stage { there, relocate, eagerness, scale } in of_stages {
            for (name, share) in [("there", there), ("relocate", relocate)] {
                if !(0.0..=1.0).contains(&share) {
                    return Err(Error::Invalid(format!(
                        "density {name} of a stage must be between 0 and 1, not {share}"
                    )));
                }
            }
            for (name, factor) in [("eagerness", eagerness), ("scale", scale)] {
                if !factor.is_finite() || factor < 0.0 {
                    return Err(Error::Invalid(format!(
                        "density {name} of a stage must be at least 0, not {factor}"
                    )));
                }
            }
        }
        for (name, factor) in [("eagerness", self.eagerness), ("split_trust", self.split_trust)] {
            if !factor.is_finite() || factor < 0.0 {
                return Err(Error::Invalid(format!(
                    "density {name} must be at least 0, not {factor}"
                )));
            }
        }
        Ok(())
    }

    /// Part of the fit after which there are no revisions.
    fn last(&self, iterations: u64) -> f64 {
        f64::from(self.grow_until.max(self.relocate_until)) * iterations as f64
    }

    /// Number of Gaussians that a fit of `count` starts with: all where it is too short for a
    /// revision or two to add the others.
    pub fn first(&self, count: usize, iterations: u64) -> usize {
        let needed = self.every.saturating_mul(2).saturating_add(2);
        if self.every == 0 || needed as f64 > self.last(iterations) {
            return count;
        }
        ((count as f64 * f64::from(self.start)).ceil() as usize).clamp(count.min(1), count)
    }

    /// Whether Gaussians may come or go at this iteration, the last time having been `before`.
    pub fn is_due(&self, iteration: u64, before: u64, iterations: u64) -> bool {
        self.every > 0
            && iteration >= before.saturating_add(self.every)
            && iteration as f64 <= self.last(iterations)
    }

    /// Number of Gaussians to add at a revision: equal shares of what is missing.
    pub fn to_add(&self, have: usize, count: usize, iteration: u64, iterations: u64) -> usize {
        let (end, wanted) = match &self.stages {
            None => ((f64::from(self.grow_until) * iterations as f64) as u64, count),
            Some(stages) => {
                let (stage, end) = stages.at(iteration, iterations);
                let first = self.first(count, iterations);
                let come = f64::from(stage.there) * count.saturating_sub(first) as f64;
                (end, first + come.round() as usize)
            }
        };
        // A revision takes about one iteration more.
        let left = end.saturating_sub(iteration) / self.every.saturating_add(1) + 1;
        wanted.min(count).saturating_sub(have).div_ceil(left as usize)
    }

    /// Largest number of Gaussians to relocate at a revision.
    pub fn to_relocate(&self, have: usize, iteration: u64, iterations: u64) -> usize {
        if iteration as f64 > f64::from(self.relocate_until) * iterations as f64 {
            return 0;
        }
        let share = self.stage(iteration, iterations).map_or(self.relocate, |s| s.relocate);
        (have as f64 * f64::from(share)) as usize
    }

    /// The numbers of the stage that an iteration belongs to.
    pub fn stage(&self, iteration: u64, iterations: u64) -> Option<&Stage> {
        self.stages.as_ref().map(|stages| stages.at(iteration, iterations).0)
    }
}
