//! Schedules: the learning rate as a function of the iteration.

mod constant;
mod cosine;
mod cosine_restarts;
mod exponential;
mod inverse_sqrt;
mod step;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A learning rate over the iterations, as a factor on the base rate.
pub trait Schedule: Send + Sync {
    /// Name on the command line and in files.
    fn name(&self) -> &'static str;

    /// Factor at `iteration` of `iterations`, both counted after the warm-up; between 0 and 1.
    fn factor(&self, iteration: u64, iterations: u64, options: &ScheduleOptions) -> f64;
}

/// All schedules.
pub const ALL: &[&dyn Schedule] = &[
    &constant::Constant,
    &cosine::Cosine,
    &cosine_restarts::CosineRestarts,
    &step::StepDecay,
    &exponential::Exponential,
    &inverse_sqrt::InverseSqrt,
];

/// A schedule and its numbers. Each schedule reads those that it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleOptions {
    /// A name in [`ALL`].
    pub name: String,
    /// Iterations in which the rate rises linearly from nothing, before the schedule proper.
    pub warmup: u64,
    /// Factor at the end: cosine, cosine-restarts, exponential.
    pub final_fraction: f64,
    /// Iterations between restarts or steps: cosine-restarts, step.
    pub period: u64,
    /// What the period grows by at each restart: cosine-restarts.
    pub period_growth: f64,
    /// What the rate is multiplied by at each step: step.
    pub decay: f64,
}

impl Default for ScheduleOptions {
    /// A cosine down to 1 %.
    fn default() -> Self {
        Self {
            name: "cosine".into(),
            warmup: 0,
            final_fraction: 0.01,
            period: 100,
            period_growth: 1.0,
            decay: 0.5,
        }
    }
}

impl ScheduleOptions {
    /// Checks the name and every number.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong.
    pub fn check(&self) -> Result<()> {
        self.schedule()?;
        let wrong = if !(0.0..=1.0).contains(&self.final_fraction) {
            format!("final fraction must be between 0 and 1, not {}", self.final_fraction)
        } else if self.period == 0 {
            "period must be at least 1 iteration".into()
        } else if !(1.0..=1e6).contains(&self.period_growth) {
            format!("period growth must be at least 1, not {}", self.period_growth)
        } else if !(0.0..=1.0).contains(&self.decay) {
            format!("decay must be between 0 and 1, not {}", self.decay)
        } else {
            return Ok(());
        };
        Err(Error::Invalid(format!("schedule {}: {wrong}", self.name)))
    }

    fn schedule(&self) -> Result<&'static dyn Schedule> {
        ALL.iter().copied().find(|schedule| schedule.name() == self.name).ok_or_else(|| {
            let known: Vec<&str> = ALL.iter().map(|schedule| schedule.name()).collect();
            Error::Invalid(format!("no schedule {:?}; there are {}", self.name, known.join(", ")))
        })
    }

    /// Factor on the base rate at `iteration` (from 0) of `iterations`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such schedule.
    pub fn factor(&self, iteration: u64, iterations: u64) -> Result<f64> {
        let schedule = self.schedule()?;
        if iteration < self.warmup {
            return Ok((iteration + 1) as f64 / (self.warmup + 1) as f64);
        }
        let total = iterations.saturating_sub(self.warmup).max(1);
        Ok(schedule.factor(iteration - self.warmup, total, self))
    }
}

/// Half a cosine from 1 down to `end` as `progress` goes from 0 to 1.
fn half_cosine(progress: f64, end: f64) -> f64 {
    end + (1.0 - end) * 0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos())
}
