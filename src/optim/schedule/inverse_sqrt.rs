//! The classical decay of stochastic approximation.

use super::{Schedule, ScheduleOptions};

/// `1 / sqrt(t)`, with `t` counted from 1.
pub struct InverseSqrt;

impl Schedule for InverseSqrt {
    fn name(&self) -> &'static str {
        "inverse-sqrt"
    }

    fn factor(&self, iteration: u64, _iterations: u64, _options: &ScheduleOptions) -> f64 {
        1.0 / ((iteration + 1) as f64).sqrt()
    }
}
