//! What was written down of watched Gaussians, read back.

use std::path::Path;

use crate::error::{Error, Result};

/// The table of watched Gaussians.
pub(super) struct MomentsTable {
    columns: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl MomentsTable {
    /// Reads the table of a run.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the path.
    pub fn read(path: &Path) -> Result<Self> {
        let read = || {
            let mut reader = csv::Reader::from_path(path)?;
            let columns = reader.headers()?.clone();
            Ok(Self { columns, rows: reader.records().collect::<std::result::Result<_, _>>()? })
        };
        read().map_err(|error: csv::Error| {
            Error::Malformed { what: "table of moments", message: error.to_string() }.at(path)
        })
    }

    /// A column over the passes, of the first number of one Gaussian in one group; as many points
    /// as are seen on a logarithmic axis.
    pub fn points(
        &self,
        gaussian: usize,
        group: &str,
        column: &str,
        map: fn(f64) -> f64,
    ) -> Vec<(f64, f64)> {
        let place = |name: &str| self.columns.iter().position(|column| column == name);
        let cell = |row: &csv::StringRecord, name: &str| {
            place(name).and_then(|place| row.get(place)).unwrap_or_default().to_owned()
        };
        let number = |row: &csv::StringRecord, name: &str| cell(row, name).parse().ok();
        let own = self.rows.iter().filter(|row| {
            number(row, "gaussian") == Some(gaussian as f64)
                && cell(row, "group") == group
                && number(row, "entry") == Some(0.0)
        });
        let mut points: Vec<(f64, f64)> = Vec::new();
        for row in own {
            let Some((x, y)) = number(row, "iteration").zip(number(row, column)) else { continue };
            // Passes counted from 1, for the logarithm.
            let x: f64 = x + 1.0;
            if points.last().is_none_or(|last| x >= 1.07 * last.0) {
                points.push((x, map(y)));
            }
        }
        points
    }
}
