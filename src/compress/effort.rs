//! How much work an encoding may be.

use crate::fit::Quality;

/// Work of the parts of an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Passes of the fit over the picture.
    pub iterations: u64,
    /// Rounds of search, with refitting in between; at least 1.
    pub rounds: usize,
    /// Sweeps of a search, at most.
    pub sweeps: usize,
    /// Passes of a refitting.
    pub refit_iterations: u64,
}

impl Effort {
    /// What a preset stands for.
    pub fn of(quality: Quality) -> Self {
        let (iterations, rounds, sweeps, refit_iterations) = match quality {
            Quality::Draft => (24, 1, 1, 0),
            Quality::Fast => (60, 3, 2, 12),
            Quality::Balanced => (160, 4, 3, 30),
            Quality::High => (600, 6, 4, 60),
            Quality::Max => (2000, 10, 6, 120),
        };
        Self { iterations, rounds, sweeps, refit_iterations }
    }
}
