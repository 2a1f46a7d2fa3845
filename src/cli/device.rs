//! Choosing where to compute.

use lgi::backend::select::DeviceChoice;

use super::failure::{Failure, Result};

/// Reads the value of `--device`.
///
/// # Errors
/// [`Failure::Usage`].
pub fn parse_device(text: &str) -> Result<DeviceChoice> {
    text.parse().map_err(|error| Failure::of_option(&error))
}

/// Bounds the threads of everything that computes on the CPU.
///
/// # Errors
/// [`Failure::Usage`] for zero threads, or more than the system gives.
pub fn use_threads(count: Option<usize>) -> Result<()> {
    let Some(count) = count else { return Ok(()) };
    if count == 0 {
        return Err(Failure::usage("--threads must be at least 1"));
    }
    let built = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    built.map_err(|error| Failure::usage(format!("{count} threads cannot be started: {error}")))
}
