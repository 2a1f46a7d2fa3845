//! Tables as CSV, whose rows are there as soon as they are known.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use lgi::Error;

use super::failure::{Failure, Result};
use super::paths::{self, Place};

/// A table that is being written.
pub struct Table {
    writer: csv::Writer<Box<dyn Write + Send>>,
    /// For messages.
    path: PathBuf,
    is_stdout: bool,
}

impl Table {
    /// Starts a table with these columns.
    ///
    /// # Errors
    /// [`Failure::Failed`] if the file exists and may not be replaced, or cannot be written.
    pub fn create(place: &Place, force: bool, columns: &[&str]) -> Result<Self> {
        let (stream, path): (Box<dyn Write + Send>, PathBuf) = match place {
            Place::Standard => (Box::new(std::io::stdout()), "standard output".into()),
            Place::File(path) => {
                paths::check_output(path, force)?;
                let file =
                    File::create(path).map_err(|error| Error::io("create", error).at(path))?;
                (Box::new(file), path.clone())
            }
        };
        let writer = csv::Writer::from_writer(stream);
        let mut table = Self { writer, path, is_stdout: *place == Place::Standard };
        table.add(columns)?;
        Ok(table)
    }

    /// Adds a row, and sees to it that it is there whatever happens next.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it cannot be written; [`Failure::BrokenPipe`].
    pub fn add(&mut self, row: &[impl AsRef<[u8]>]) -> Result<()> {
        let written = self.writer.write_record(row).map_err(std::io::Error::from);
        written.and_then(|()| self.writer.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe if self.is_stdout => Failure::BrokenPipe,
            _ => Error::io("write", error).at(&self.path).into(),
        })
    }
}
