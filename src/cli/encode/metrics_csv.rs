//! `--metrics-csv`: a fit as a table.

use lgi::fit::{Progress, RECORD_COLUMNS, record};
use lgi::loss::Loss;

use crate::cli::failure::Result;
use crate::cli::paths::Place;
use crate::cli::table::Table;

/// The table of all fits of a run.
pub struct MetricsCsv {
    table: Table,
}

impl MetricsCsv {
    /// Starts the table.
    ///
    /// # Errors
    /// As [`Table::create`].
    pub fn create(place: &Place, force: bool) -> Result<Self> {
        let columns: Vec<&str> = ["input"].into_iter().chain(RECORD_COLUMNS).collect();
        Ok(Self { table: Table::create(place, force, &columns)? })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Table::add`].
    pub fn add(&mut self, input: &str, loss: &Loss, progress: &Progress) -> Result<()> {
        let cells = record(loss, progress, progress.details.as_ref());
        let row: Vec<String> = [input.to_owned()].into_iter().chain(cells).collect();
        self.table.add(&row)
    }
}
