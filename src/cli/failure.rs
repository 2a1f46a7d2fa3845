//! How a run ends: exit codes, and the one line that says why.

use lgi::Error;

/// What the verbs return.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Everything was done.
pub const SUCCESS: u8 = 0;
/// Something failed.
pub const FAILED: u8 = 1;
/// The command line or the configuration file is wrong; nothing was done.
pub const USAGE: u8 = 2;
/// Interrupted by Ctrl-C or a request to terminate.
pub const INTERRUPTED: u8 = 130;

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Something failed while doing it.
    #[error(transparent)]
    Failed(#[from] Error),
    /// Some inputs failed; what and why has been said for each of them.
    #[error("{failed} of {total} inputs failed")]
    Some {
        /// Number of inputs that failed.
        failed: usize,
        /// Number of all inputs.
        total: usize,
    },
    /// Stopped by Ctrl-C; what there was has been written.
    #[error("interrupted")]
    Interrupted,
    /// Whoever reads standard output has seen enough. Not a failure.
    #[error("standard output was closed")]
    BrokenPipe,
}

impl Failure {
    /// Shorthand for [`Failure::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// An error of the library that is about an option's value.
    pub fn of_option(error: &Error) -> Self {
        Self::Usage(error.to_string())
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Failed(_) | Self::Some { .. } => FAILED,
            Self::Interrupted => INTERRUPTED,
            Self::BrokenPipe => SUCCESS,
        }
    }

    /// Whether there is anything to say about it.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::BrokenPipe | Self::Interrupted)
    }
}
