//! The rate as it is.

use super::{Schedule, ScheduleOptions};

/// Always 1.
pub struct Constant;

impl Schedule for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn factor(&self, _iteration: u64, _iterations: u64, _options: &ScheduleOptions) -> f64 {
        1.0
    }
}
