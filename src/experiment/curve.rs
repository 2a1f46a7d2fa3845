//! The curve of a run: the rows of its table as numbers.

use std::path::Path;

use crate::error::{Error, Result};
use crate::fit::RECORD_COLUMNS;

/// The rows of a run's table, columns as in [`RECORD_COLUMNS`]; empty cells are not numbers.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    rows: Vec<[f64; RECORD_COLUMNS.len()]>,
}

impl Curve {
    /// Reads the table of a run.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Malformed`] with the path.
    pub fn read(path: &Path) -> Result<Self> {
        let read = || {
            let mut rows = Vec::new();
            for record in csv::Reader::from_path(path)?.records() {
                let record = record?;
                let mut row = [f64::NAN; RECORD_COLUMNS.len()];
                for (value, cell) in row.iter_mut().zip(&record) {
                    *value = cell.parse().unwrap_or(f64::NAN);
                }
                rows.push(row);
            }
            Ok(Self { rows })
        };
        read().map_err(|error: csv::Error| {
            Error::Malformed { what: "curve", message: error.to_string() }.at(path)
        })
    }

    /// Whether nothing was logged.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All values of a column.
    pub fn column(&self, name: &str) -> impl Iterator<Item = f64> {
        let place = place(name);
        self.rows.iter().map(move |row| place.map_or(f64::NAN, |place| row[place]))
    }

    /// The value of a column in the last row.
    pub fn last(&self, name: &str) -> f64 {
        self.column(name).last().unwrap_or(f64::NAN)
    }

    /// The value in the first row.
    pub fn first(&self, name: &str) -> f64 {
        self.column(name).next().unwrap_or(f64::NAN)
    }

    /// The value after so many passes: in the last row that was written by then. A run that has
    /// ended stays where it is; one that has not begun has no value.
    pub fn at(&self, name: &str, iteration: f64) -> f64 {
        let after = self.rows.partition_point(|row| row[0] <= iteration);
        let Some(row) = after.checked_sub(1).and_then(|index| self.rows.get(index)) else {
            return f64::NAN;
        };
        place(name).map_or(f64::NAN, |place| row[place])
    }

    /// Passes until a column is at least `value`; infinite if it never is.
    pub fn passes_until(&self, name: &str, value: f64) -> f64 {
        let mut rows = self.column("iteration").zip(self.column(name));
        rows.find(|row| row.1 >= value).map_or(f64::INFINITY, |row| row.0)
    }
}

fn place(name: &str) -> Option<usize> {
    RECORD_COLUMNS.iter().position(|column| *column == name)
}
