//! Ctrl-C: the first asks for an orderly end, the second is not kept waiting.

use std::sync::atomic::{AtomicBool, Ordering};

use lgi::{Error, Result};

use super::failure;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Takes over Ctrl-C and requests to terminate or hang up.
///
/// # Errors
/// [`Error::Io`] if the system refuses.
pub fn listen() -> Result<()> {
    let handler = || {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(failure::INTERRUPTED));
        }
    };
    ctrlc::set_handler(handler).map_err(|error| {
        let source = std::io::Error::other(error);
        Error::Io { action: "listen for Ctrl-C", source }
    })
}

/// Whether an end has been asked for.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}
