//! Cosine annealing over the whole run.

use super::{Schedule, ScheduleOptions, half_cosine};

/// Half a cosine from 1 to the final fraction (Loshchilov and Hutter 2017, without restarts).
pub struct Cosine;

impl Schedule for Cosine {
    fn name(&self) -> &'static str {
        "cosine"
    }

    fn factor(&self, iteration: u64, iterations: u64, options: &ScheduleOptions) -> f64 {
        half_cosine(iteration as f64 / iterations as f64, options.final_fraction)
    }
}
