//! Checkpoints of a run: which leg it is in, and where that leg stands.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::options::RunOptions;
use super::seeker::Saved;
use crate::error::Result;
use crate::fit::{Best, Checkpoint, PictureId};

/// Version of the format; a change that old readers cannot take raises it.
const VERSION: u32 = 3;

/// The whole state of a run as JSON. Numbers are written so that they are read back to the bit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunCheckpoint {
    version: u32,
    /// The picture that was being fitted.
    pub picture: PictureId,
    /// The options of the run that wrote it.
    pub options: RunOptions,
    pub(super) before: Before,
    pub(super) work: SavedWork,
    /// Passes in all.
    iteration: u64,
}

/// What earlier legs came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Before {
    /// The leg that the run is in.
    pub leg: usize,
    /// Half passes: a rendering or a gradient each.
    pub half_passes: u64,
    pub seconds: f64,
    /// The best state of those on the whole picture.
    pub best: Option<Best>,
}

/// The leg that the run is in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SavedWork {
    Descent(Box<Checkpoint>),
    Search(Box<Saved>),
}

impl RunCheckpoint {
    pub(super) fn new(
        picture: PictureId,
        options: RunOptions,
        before: Before,
        work: SavedWork,
        iteration: u64,
    ) -> Self {
        Self { version: VERSION, picture, options, before, work, iteration }
    }

    /// Passes over the picture so far.
    pub fn iteration(&self) -> u64 {
        self.iteration
    }

    /// The state of the fit that the run is in, if it is in one.
    pub fn fit(&self) -> Option<&Checkpoint> {
        match &self.work {
            SavedWork::Descent(checkpoint) => Some(checkpoint),
            SavedWork::Search(_) => None,
        }
    }

    /// Writes the checkpoint, replacing an older one; never leaves half a file.
    ///
    /// # Errors
    /// [`crate::Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<()> {
        crate::fit::write_json(path, self)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`crate::Error::Io`], [`crate::Error::Malformed`] or [`crate::Error::Unsupported`] with the path.
    pub fn read(path: &Path) -> Result<Self> {
        crate::fit::read_with(path, Self::parse)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let checkpoint: Self = crate::fit::parse_version(bytes, VERSION)?;
        if let SavedWork::Descent(fit) = &checkpoint.work {
            fit.check_values()?;
        }
        if let Some(best) = &checkpoint.before.best {
            best.gaussians.check()?;
        }
        Ok(checkpoint)
    }
}
