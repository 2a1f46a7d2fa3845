//! Where the files of a run are, and what says that it is finished.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::pictures::Picture;
use super::plan::{Plan, Run};
use super::specification::Experiment;
use crate::atomic_file;
use crate::error::{Error, Result};
use crate::fit::{PACKED, PictureId, StopReason};

/// Directory of the runs inside that of the experiment.
pub(super) const RUNS: &str = "runs";

/// The files of one run.
pub(super) struct Files {
    directory: PathBuf,
    key: String,
}

/// What is written last.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Finished {
    /// Everything that the run depends on.
    pub made_with: String,
    /// Why it ended; nothing if it failed.
    pub stop: Option<String>,
    /// What it failed with.
    pub failed: Option<String>,
}

impl Files {
    pub fn new(directory: &Path, run: &Run) -> Self {
        Self { directory: directory.join(RUNS), key: run.key.clone() }
    }

    /// Rows of the curve.
    pub fn curve(&self) -> PathBuf {
        self.directory.join(format!("{}.csv", self.key))
    }

    /// Rows of single Gaussians.
    pub fn moments(&self) -> PathBuf {
        self.directory.join(format!("{}.moments.csv", self.key))
    }

    /// The checkpoint that branches leave from.
    pub fn checkpoint(&self, iteration: u64) -> PathBuf {
        self.directory.join(format!("{}-{iteration:06}.checkpoint.json.{PACKED}", self.key))
    }

    fn finished(&self) -> PathBuf {
        self.directory.join(format!("{}.json", self.key))
    }

    /// Says that the run is finished. Everything else is written by now.
    pub fn finish(
        &self,
        made_with: String,
        stop: Option<StopReason>,
        failed: Option<String>,
    ) -> Result<()> {
        let stop = stop.map(|stop| format!("{stop:?}").to_lowercase());
        let json = serde_json::to_vec(&Finished { made_with, stop, failed }).map_err(|error| {
            Error::Invalid(format!("the end of {} cannot be written: {error}", self.key))
        })?;
        atomic_file::write(&self.finished(), &json, true)
    }

    /// How the run ended, if it was finished with the same ingredients.
    pub fn read_finished(&self, made_with: &str) -> Option<Finished> {
        let bytes = std::fs::read(self.finished()).ok()?;
        let finished: Finished = serde_json::from_slice(&bytes).ok()?;
        (finished.made_with == made_with).then_some(finished)
    }
}

/// Everything that a run depends on but the device, as text.
pub(super) fn made_with(
    experiment: &Experiment,
    plan: &Plan,
    run: &Run,
    picture: &Picture,
) -> String {
    let branch = run.branch.map(|leaving| {
        let branch = &experiment.branches[leaving.branch];
        (branch.from, branch.reset_momentum, &plan.runs[leaving.run].options)
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "picture": PictureId::of(&picture.target),
        "options": run.options,
        "branch": branch,
        "log_every": experiment.log_every,
        "checkpoint_every": experiment.checkpoint_every,
        "leaving_at": leaving_at(experiment, run),
        "watch": experiment.watch,
    })
    .to_string()
}

/// Iterations after which branches leave this run, each once.
pub(super) fn leaving_at(experiment: &Experiment, run: &Run) -> Vec<u64> {
    if run.branch.is_some() {
        return Vec::new();
    }
    let mut all: Vec<u64> = experiment.branches.iter().map(|branch| branch.from).collect();
    all.sort_unstable();
    all.dedup();
    all
}
