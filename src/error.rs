//! What can go wrong, grouped by whose fault it is.
//!
//! Messages carry the values that were wrong; a path, where one is known, comes last.

use std::path::{Path, PathBuf};

/// Result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of the library, by fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not what they claim to be: damaged, or of another format.
    #[error("{what} cannot be read: {message}")]
    Malformed {
        /// What was being read, such as `"picture"` or `".lgi file"`.
        what: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The bytes end too early; what is there may be right.
    #[error("{what} cannot be read: {message}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where it ends.
        message: String,
    },
    /// The input is valid but uses something that this version does not support.
    #[error("{what} is not supported: {message}")]
    Unsupported {
        /// What was being read.
        what: &'static str,
        /// The part that is not supported.
        message: String,
    },
    /// The input asks for more than a limit allows. Nothing was allocated for it.
    #[error("{what}: {value} exceeds the limit of {limit}")]
    Limit {
        /// What is limited, with its unit, such as `"pixels"`.
        what: &'static str,
        /// The value that was asked for.
        value: u64,
        /// The limit in force.
        limit: u64,
    },
    /// An argument is outside its domain, or two arguments contradict each other.
    #[error("{0}")]
    Invalid(String),
    /// No such device, or the device failed, was lost, or ran out of memory.
    #[error("device: {0}")]
    Device(String),
    /// The fit produced non-finite values again and again.
    #[error(
        "the fit diverged: loss or gradient not finite at iteration {iteration}, after {attempts} \
         attempts at lower learning rates; lower --learning-rate or clip the gradient"
    )]
    Diverged {
        /// Iteration of the last attempt.
        iteration: u64,
        /// Number of roll-backs tried before giving up.
        attempts: u32,
    },
    /// The operating system refused to read or write.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried: `"read"`, `"write"`, `"create"`, ...
        action: &'static str,
        /// The system's own error.
        source: std::io::Error,
    },
    /// Another error, and the file that it is about.
    #[error("{source}: {}", path.display())]
    At {
        /// The file.
        path: PathBuf,
        /// What happened to it.
        source: Box<Error>,
    },
}

impl Error {
    /// Shorthand for [`Error::Io`].
    pub fn io(action: &'static str, source: std::io::Error) -> Self {
        Self::Io { action, source }
    }

    /// Names the file that the error is about; the innermost name wins.
    #[must_use]
    pub fn at(self, path: &Path) -> Self {
        match self {
            Self::At { .. } => self,
            source => Self::At { path: path.to_owned(), source: Box::new(source) },
        }
    }

    /// The error itself, without the file it is about.
    pub fn fault(&self) -> &Self {
        match self {
            Self::At { source, .. } => source.fault(),
            other => other,
        }
    }
}
