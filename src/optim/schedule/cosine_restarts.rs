//! Cosine annealing with warm restarts.

use super::{Schedule, ScheduleOptions, half_cosine};

/// SGDR (Loshchilov and Hutter 2017): half a cosine over each period, each period longer than
/// the last by `period_growth`.
pub struct CosineRestarts;

impl Schedule for CosineRestarts {
    fn name(&self) -> &'static str {
        "cosine-restarts"
    }

    fn factor(&self, iteration: u64, _iterations: u64, options: &ScheduleOptions) -> f64 {
        let (mut start, mut period) = (0.0, options.period as f64);
        let iteration = iteration as f64;
        if options.period_growth > 1.0 {
            while iteration >= start + period {
                start += period;
                period *= options.period_growth;
            }
        } else {
            start = (iteration / period).floor() * period;
        }
        half_cosine((iteration - start) / period, options.final_fraction)
    }
}
