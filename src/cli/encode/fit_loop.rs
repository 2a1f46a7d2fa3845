//! The loop around one fit: progress, records, checkpoints and interruption.

use lgi::blend::Blend;
use lgi::fit::{Best, FitOptions};
use lgi::strategy::Run;

use super::checkpoints::Checkpoints;
use super::metrics_csv::MetricsCsv;
use crate::cli::failure::Result;
use crate::cli::interrupt;
use crate::cli::progress::Display;

/// What a fit came to.
#[derive(Clone)]
pub struct Fitted {
    /// What it was done with.
    pub method: String,
    /// Number of Gaussians that were asked for.
    pub count: usize,
    /// How its Gaussians make a pixel.
    pub blend: Blend,
    /// The best Gaussians.
    pub best: Best,
    /// Number of updates made.
    pub iterations: u64,
    /// Whether it was ended by Ctrl-C.
    pub interrupted: bool,
}

/// What is kept of a fit, and under which name.
pub struct Records<'a> {
    /// The input, as the table names it.
    pub input: &'a str,
    /// What checkpoints are called after.
    pub stem: &'a str,
    /// Where checkpoints go.
    pub checkpoints: &'a Checkpoints,
    /// The table, if one is wanted.
    pub metrics: Option<&'a mut MetricsCsv>,
}

/// Fits to the end, or until interrupted.
///
/// # Errors
/// Those of the fit, and of writing records.
pub fn run(mut fit: Run<'_>, mut records: Records<'_>, display: &mut Display) -> Result<Fitted> {
    loop {
        let before = fit.iteration();
        let progress = fit.step()?;
        display.update(&progress);
        if let Some(metrics) = &mut records.metrics
            && fit.is_record_due(before, &progress)
        {
            metrics.add(records.input, &fit.options().fit.loss, &progress)?;
        }
        let ended = progress.stop.is_some();
        let interrupted = !ended && interrupt::requested();
        // The step's update was made after its figures were taken.
        let updates = if ended { progress.iteration } else { fit.iteration() };
        if interrupted {
            let written = records.checkpoints.write(records.stem, &fit)?;
            display.say(&match written {
                Some(path) => format!(
                    "interrupted after {updates} iterations; go on with --resume {}",
                    path.display()
                ),
                None => format!(
                    "interrupted after {updates} iterations; with --checkpoint-dir it could be \
                     gone on with"
                ),
            });
        } else if !ended && records.checkpoints.is_due(before, updates) {
            records.checkpoints.write(records.stem, &fit)?;
        }
        if ended || interrupted {
            let method = fit.options().method();
            let FitOptions { blend, gaussians: count, .. } = fit.options().fit;
            return Ok(Fitted {
                method,
                count,
                blend,
                best: fit.best(),
                iterations: updates,
                interrupted,
            });
        }
    }
}
