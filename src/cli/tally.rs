//! Several inputs: one bad one is no reason to leave out the others.

use super::failure::{Failure, Result};
use super::messages;

/// How many of several inputs have failed.
pub struct Tally {
    failed: usize,
    total: usize,
}

impl Tally {
    /// None of `total` inputs yet.
    pub fn of(total: usize) -> Self {
        Self { failed: 0, total }
    }

    /// What became of one input. Of several, the failure of one is said and counted.
    ///
    /// # Errors
    /// What ends the whole run.
    pub fn take(&mut self, result: Result<()>) -> Result<()> {
        match result {
            Err(Failure::Failed(error)) if self.total > 1 => {
                messages::error(error);
                self.failed += 1;
                Ok(())
            }
            other => other,
        }
    }

    /// The end of the run.
    ///
    /// # Errors
    /// [`Failure::Some`] if any has failed.
    pub fn finish(self) -> Result<()> {
        match self {
            Self { failed: 0, .. } => Ok(()),
            Self { failed, total } => Err(Failure::Some { failed, total }),
        }
    }
}
