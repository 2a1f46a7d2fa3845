//! `--metrics-csv`: a fit as a table.

use lgi::fit::{Details, Progress};
use lgi::loss::Loss;
use lgi::optim::PerGroup;

use crate::cli::failure::Result;
use crate::cli::paths::Place;
use crate::cli::table::Table;

/// Names of the columns, in order.
const COLUMNS: [&str; 17] = [
    "input",
    "iteration",
    "loss_l1",
    "loss_l2",
    "loss_ssim",
    "loss_total",
    "psnr_db",
    "learning_rate_position",
    "learning_rate_shape",
    "learning_rate_color",
    "gradient_norm_position",
    "gradient_norm_shape",
    "gradient_norm_color",
    "sigma_min_px",
    "sigma_max_px",
    "uncovered_pixels",
    "seconds",
];

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
        Ok(Self { table: Table::create(place, force, &COLUMNS)? })
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
        let terms = &progress.terms;
        // Without weight it is not worked out, and zero would claim a perfect picture.
        let ssim = if loss.ssim == 0.0 { String::new() } else { terms.ssim.to_string() };
        let mut row = vec![
            input.to_owned(),
            progress.iteration.to_string(),
            terms.l1.to_string(),
            terms.l2.to_string(),
            ssim,
            progress.loss.to_string(),
            progress.psnr_db.to_string(),
        ];
        row.extend(columns(&progress.rates));
        row.extend(columns(&details.gradient_norm));
        row.extend([
            details.sigma_min_px.to_string(),
            details.sigma_max_px.to_string(),
            details.uncovered_pixels.to_string(),
            format!("{:.6}", progress.seconds),
        ]);
        self.table.add(&row)
    }
}

fn columns<T: ToString>(values: &PerGroup<T>) -> impl Iterator<Item = String> {
    values.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().into_iter()
}
