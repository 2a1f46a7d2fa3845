//! Standard output, which may be closed or full at any time.

use std::io::{ErrorKind, Write};
use std::path::Path;

use lgi::{Error, atomic_file};

use super::failure::{Failure, Result};
use super::messages;
use super::paths::Place;

/// Writes to standard output and makes sure that it arrived.
///
/// # Errors
/// [`Failure::BrokenPipe`] if nobody reads any more; [`Failure::Failed`] if it cannot be written.
pub fn to_stdout(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => Error::io("write", error).at(Path::new("standard output")).into(),
    })
}

/// Writes one line to standard output.
///
/// # Errors
/// As [`to_stdout`].
pub fn line(text: &str) -> Result<()> {
    messages::beside_bars(|| to_stdout(format!("{text}\n").as_bytes()))
}

/// Writes a whole file, or all of it to standard output.
///
/// # Errors
/// As [`to_stdout`], or those of [`atomic_file::write`].
pub fn write(place: &Place, bytes: &[u8], overwrite: bool) -> Result<()> {
    match place {
        Place::Standard => to_stdout(bytes),
        Place::File(path) => Ok(atomic_file::write(path, bytes, overwrite)?),
    }
}

/// Refuses to fill a terminal with binary data.
///
/// # Errors
/// [`Failure::Usage`].
pub fn check_not_terminal(place: &Place) -> Result<()> {
    use std::io::IsTerminal;
    if *place == Place::Standard && std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "binary data will not be written to a terminal; give --output FILE, or redirect it",
        ));
    }
    Ok(())
}
