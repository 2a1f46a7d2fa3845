//! Exponential decay over the whole run.

use super::{Schedule, ScheduleOptions};

/// From 1 to the final fraction at a constant ratio per iteration.
pub struct Exponential;

impl Schedule for Exponential {
    fn name(&self) -> &'static str {
        "exponential"
    }

    fn factor(&self, iteration: u64, iterations: u64, options: &ScheduleOptions) -> f64 {
        options.final_fraction.powf((iteration as f64 / iterations as f64).min(1.0))
    }
}
