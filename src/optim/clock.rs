//! Where a fit stands, for numbers that change over the iterations.

/// The time that schedules see.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock<'a> {
    /// Iterations so far.
    pub iteration: u64,
    /// Iterations of the whole run, or of the stage that the optimizer is used in.
    pub iterations: u64,
    /// Loss of every state that was kept so far, the present one last.
    pub losses: &'a [f64],
}

impl Clock<'_> {
    /// Part of the run that is over, 0 to 1.
    pub fn progress(&self) -> f64 {
        (self.iteration as f64 / self.iterations.max(1) as f64).min(1.0)
    }

    /// Whether `period` iterations have passed since the start, or a multiple of them.
    pub fn is_multiple_of(&self, period: u64) -> bool {
        self.iteration.is_multiple_of(period.max(1))
    }
}
