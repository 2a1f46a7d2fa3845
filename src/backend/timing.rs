//! How long a backend spends in each of its stages.

use std::time::{Duration, Instant};

/// The time spent in one stage of a backend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageTime {
    /// Name of the stage, such as `"draw"`; the same ones for every call of an operation. One
    /// with a slash, such as `"device/emit"`, is a part of another.
    pub stage: &'static str,
    /// Total in seconds.
    pub seconds: f64,
    /// How often the stage ran.
    pub calls: u64,
}

/// Adds up the time of stages, in the order in which they first ended. Takes none while it is off.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopwatch {
    on: bool,
    stages: Vec<StageTime>,
}

impl Stopwatch {
    /// Switches it on, with nothing taken so far, or off, with what was taken kept.
    pub(super) fn switch(&mut self, on: bool) {
        self.on = on;
        if on {
            self.stages.clear();
        }
    }

    /// Whether it is on.
    #[cfg(feature = "gpu")]
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// What was taken so far.
    pub(super) fn stages(&self) -> &[StageTime] {
        &self.stages
    }

    /// Now, for [`Self::stop`]; nothing while it is off.
    pub(super) fn start(&self) -> Option<Instant> {
        self.on.then(Instant::now)
    }

    /// Ends a stage.
    pub(super) fn stop(&mut self, stage: &'static str, start: Option<Instant>) {
        if let Some(start) = start {
            self.add(stage, start.elapsed());
        }
    }

    /// A stage from its beginning to its end.
    pub(super) fn time<T>(&mut self, stage: &'static str, work: impl FnOnce() -> T) -> T {
        let start = self.start();
        let value = work();
        self.stop(stage, start);
        value
    }

    /// Adds a stage whose time was taken by someone else.
    pub(super) fn add(&mut self, stage: &'static str, time: Duration) {
        let seconds = time.as_secs_f64();
        match self.stages.iter_mut().find(|known| known.stage == stage) {
            Some(known) => {
                known.seconds += seconds;
                known.calls += 1;
            }
            None => self.stages.push(StageTime { stage, seconds, calls: 1 }),
        }
    }
}
