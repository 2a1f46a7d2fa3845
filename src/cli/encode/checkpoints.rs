//! Checkpoints: where they go, and when.

use std::path::PathBuf;

use lgi::Result;
use lgi::fit::PACKED;
use lgi::strategy::Run;

use super::arguments::RecordArguments;
use crate::cli::paths;

/// Where checkpoints go, if they are wanted.
pub struct Checkpoints {
    directory: Option<PathBuf>,
    every: Option<u64>,
}

impl Checkpoints {
    /// Makes the directory where it is missing: better now than when the first one is due.
    ///
    /// # Errors
    /// [`lgi::Error::Io`] with the path.
    pub fn new(arguments: &RecordArguments) -> Result<Self> {
        let directory = arguments.checkpoint_dir.clone();
        if let Some(path) = &directory {
            paths::create_directory(path)?;
        }
        Ok(Self { directory, every: arguments.checkpoint_every })
    }

    /// Whether one is due after an update that led from one iteration to another; iterations may
    /// advance by more than one.
    pub fn is_due(&self, before: u64, after: u64) -> bool {
        self.every.is_some_and(|every| before / every < after / every)
    }

    /// Writes one, replacing an older one of the same input and iteration. Says where it is, if
    /// anywhere.
    ///
    /// # Errors
    /// [`lgi::Error::Io`] with the path; as [`Run::checkpoint`].
    pub fn write(&self, stem: &str, run: &Run<'_>) -> Result<Option<PathBuf>> {
        let Some(directory) = &self.directory else { return Ok(None) };
        let checkpoint = run.checkpoint()?;
        let path = directory.join(format!("{stem}-{:06}.json.{PACKED}", checkpoint.iteration()));
        checkpoint.write(&path)?;
        Ok(Some(path))
    }
}
