//! All runs of a plan, side by side, with somebody who watches.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::job::{Outcome, Shared};
use super::plan::Run;
use crate::error::Result;
use crate::side_by_side::Workers;

/// What is said of a run that has ended.
#[derive(Clone, Debug)]
pub struct RunEnd<'a> {
    /// Which.
    pub run: &'a Run,
    /// Runs that have ended so far, this one included, and all runs.
    pub done: (usize, usize),
    /// PSNR of the best state in dB; nothing for a run that was finished before.
    pub psnr_db: Option<f64>,
    /// What it failed with.
    pub failed: Option<String>,
}

/// Who watches an experiment.
pub trait Observer: Sync {
    /// A run has ended.
    fn ended(&self, _end: &RunEnd<'_>) {}

    /// Whether to stop as soon as possible; finished runs stay.
    fn stopped(&self) -> bool {
        false
    }
}

/// Nobody.
impl Observer for () {}

/// Runs all that are not finished. Says whether all are now.
pub(super) fn run_all(
    shared: &Shared<'_>,
    workers: &Workers,
    observer: &dyn Observer,
) -> Result<bool> {
    let runs = &shared.plan.runs;
    let pixels = shared.pictures.iter().map(|picture| picture.target.size().pixels());
    let most_pixels = pixels.max().unwrap_or_default();
    let count = AtomicUsize::new(0);
    // Branches leave what is finished by then.
    let whole = runs.iter().filter(|run| run.branch.is_none()).count();
    for part in [&runs[..whole], &runs[whole..]] {
        let done = workers.each(part, most_pixels, |run, backend, halted| {
            let stopped = || halted() || observer.stopped();
            if stopped() {
                return Ok(None);
            }
            let (psnr_db, failed) = match shared.run(run, backend, &stopped)? {
                Outcome::Done(psnr_db) => (Some(psnr_db), None),
                Outcome::Known => (None, None),
                Outcome::Failed(message) => (None, Some(message)),
                Outcome::Stopped => return Ok(None),
            };
            let done = (count.fetch_add(1, Ordering::SeqCst) + 1, runs.len());
            observer.ended(&RunEnd { run, done, psnr_db, failed });
            Ok(Some(()))
        })?;
        if done.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
