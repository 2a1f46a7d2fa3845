//! `--metrics-csv`: a fit as a table.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use lgi::Error;
use lgi::fit::{Details, Progress};
use lgi::loss::Loss;
use lgi::optim::PerGroup;

use crate::cli::failure::{Failure, Result};
use crate::cli::paths::{self, Place};

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
    writer: csv::Writer<Box<dyn Write>>,
    /// For messages.
    path: PathBuf,
    is_stdout: bool,
}

impl MetricsCsv {
    /// Starts the table.
    ///
    /// # Errors
    /// [`Failure::Failed`] if the file exists and may not be replaced, or cannot be written.
    pub fn create(place: &Place, force: bool) -> Result<Self> {
        let (stream, path): (Box<dyn Write>, PathBuf) = match place {
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
        table.record(&COLUMNS)?;
        Ok(table)
    }

    /// Adds a row, and sees to it that it is there whatever happens next.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it cannot be written; [`Failure::BrokenPipe`].
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
        self.record(&row)
    }

    fn record(&mut self, row: &[impl AsRef<[u8]>]) -> Result<()> {
        let written = self.writer.write_record(row).map_err(std::io::Error::from);
        written.and_then(|()| self.writer.flush()).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe if self.is_stdout => Failure::BrokenPipe,
            _ => Error::io("write", error).at(&self.path).into(),
        })
    }
}

fn columns<T: ToString>(values: &PerGroup<T>) -> impl Iterator<Item = String> {
    values.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().into_iter()
}
