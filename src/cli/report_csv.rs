//! `--csv`: the reports as a table.

use super::failure::Result;
use super::paths::Place;
use super::report::{Report, mean};
use super::table::Table;

/// What the last row has in place of an input.
const MEAN: &str = "mean";

/// Gives what one column says about an input.
enum Column {
    /// Has no mean; empty where there is none.
    Text(fn(&Report) -> Option<String>),
    /// Has a mean; empty where there is none.
    Figure(fn(&Report) -> Option<f64>),
}

/// The columns, in order: the fields of a report.
const COLUMNS: [(&str, Column); 14] = [
    ("input", Column::Text(|report| Some(report.input.clone()))),
    ("output", Column::Text(|report| report.output.clone())),
    ("width", Column::Figure(|report| Some(report.width as f64))),
    ("height", Column::Figure(|report| Some(report.height as f64))),
    ("gaussians", Column::Figure(|report| report.gaussians.map(|count| count as f64))),
    ("iterations", Column::Figure(|report| report.iterations.map(|count| count as f64))),
    ("method", Column::Text(|report| report.method.clone())),
    ("psnr_db", Column::Figure(|report| report.psnr_db)),
    ("ssim", Column::Figure(|report| report.ssim)),
    ("bytes", Column::Figure(|report| Some(report.bytes as f64))),
    ("bpp", Column::Figure(|report| Some(report.bpp))),
    ("seconds", Column::Figure(|report| Some(report.seconds))),
    ("device", Column::Text(|report| report.device.clone())),
    // All 64 bits of it, and its mean would mean nothing.
    ("seed", Column::Text(|report| report.seed.map(|seed| seed.to_string()))),
];

/// A row for every input, and a last one of means.
pub struct ReportCsv {
    table: Table,
}

impl ReportCsv {
    /// Starts the table.
    ///
    /// # Errors
    /// As [`Table::create`].
    pub fn create(place: &Place, force: bool) -> Result<Self> {
        let names = COLUMNS.map(|(name, _)| name);
        Ok(Self { table: Table::create(place, force, &names)? })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Table::add`].
    pub fn add(&mut self, report: &Report) -> Result<()> {
        self.table.add(&COLUMNS.map(|(_, column)| match column {
            Column::Text(text) => text(report).unwrap_or_default(),
            Column::Figure(figure) => written(figure(report)),
        }))
    }

    /// Adds the means over the reports that have a figure, unless there are no reports.
    ///
    /// # Errors
    /// As [`Table::add`].
    pub fn finish(&mut self, reports: &[Report]) -> Result<()> {
        if reports.is_empty() {
            return Ok(());
        }
        let mut row = COLUMNS.map(|(_, column)| match column {
            Column::Text(_) => String::new(),
            Column::Figure(figure) => written(mean(reports, figure)),
        });
        MEAN.clone_into(&mut row[0]);
        self.table.add(&row)
    }
}

fn written(figure: Option<f64>) -> String {
    figure.map_or_else(String::new, |figure| figure.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn columns_are_the_keys_of_a_report() {
        let report = serde_json::to_value(Report::default()).unwrap();
        let keys: BTreeSet<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
        let columns = COLUMNS.map(|(name, _)| name);
        assert_eq!(keys, BTreeSet::from(columns));
    }
}
