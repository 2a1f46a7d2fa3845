//! `--metrics-csv`: a fit as a table.

use lgi::fit::{Details, Progress, RECORD_COLUMNS, record};
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
    pub fn add(
        &mut self,
        input: &str,
        loss: &Loss,
        progress: &Progress,
        details: &Details,
    ) -> Result<()> {
        let row: Vec<String> =
            [input.to_owned()].into_iter().chain(record(loss, progress, Some(details))).collect();
        self.table.add(&row)
    }
}
