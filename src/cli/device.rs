//! Choosing where to compute.

use std::num::NonZero;
use std::thread;

use lgi::backend::select::DeviceChoice;
use rayon::ThreadPoolBuilder;

use super::failure::{Failure, Result};

/// Reads the value of `--device`.
///
/// # Errors
/// [`Failure::Usage`].
pub fn parse_device(text: &str) -> Result<DeviceChoice> {
    text.parse().map_err(|error| Failure::of_option(&error))
}

/// Starts the threads of everything that computes on the CPU: so many, or as many as
/// `RAYON_NUM_THREADS` says, or as there are processors.
///
/// # Errors
/// [`Failure::Usage`] for zero threads, or more than the system gives.
pub fn use_threads(count: Option<usize>) -> Result<()> {
    if count == Some(0) {
        return Err(Failure::usage("--threads must be at least 1"));
    }
    let count = count.unwrap_or_else(usual_threads);
    let mut threads = ThreadPoolBuilder::new().num_threads(count);
    // This thread is one of them: else it would go to sleep for every single operation of the
    // others. Alone it must not be: while it waits for something else, nobody would work. See
    // `on_threads`.
    if count > 1 {
        threads = threads.use_current_thread();
    }
    let built = threads.build_global();
    built.map_err(|error| Failure::usage(format!("{count} threads cannot be started: {error}")))
}

/// Runs `work` on a thread of [`use_threads`]: this one if it is among them, else another, which has
/// it from beginning to end.
pub fn on_threads<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match rayon::current_thread_index() {
        Some(_) => work(),
        None => rayon::scope(|_| work()),
    }
}

fn usual_threads() -> usize {
    let wanted = std::env::var("RAYON_NUM_THREADS").ok().and_then(|count| count.parse().ok());
    let processors = || thread::available_parallelism().map_or(1, NonZero::get);
    wanted.filter(|count| *count > 0).unwrap_or_else(processors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_stays_on_a_thread_that_computes() {
        // This test's thread is none of them, as that of a command with a single one.
        assert_eq!(rayon::current_thread_index(), None);
        let place = || rayon::current_thread_index();
        on_threads(|| {
            assert!(place().is_some());
            assert_eq!(on_threads(place), place());
        });
    }
}
