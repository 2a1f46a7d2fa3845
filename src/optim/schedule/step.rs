//! Steps down at fixed intervals.

use super::{Schedule, ScheduleOptions};

/// Multiplied by `decay` after each period.
pub struct StepDecay;

impl Schedule for StepDecay {
    fn name(&self) -> &'static str {
        "step"
    }

    fn factor(&self, iteration: u64, _iterations: u64, options: &ScheduleOptions) -> f64 {
        options.decay.powf((iteration / options.period) as f64)
    }
}
