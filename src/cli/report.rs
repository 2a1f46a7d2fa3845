//! What is said about each input: a line for people or an object for programs.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use super::failure::Result;
use super::report_csv::ReportCsv;
use super::{messages, output};

/// How results are reported.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Messages")]
pub struct ReportArguments {
    /// Write one JSON object per input to standard output
    #[arg(long)]
    pub json: bool,

    /// Say nothing but errors
    #[arg(long)]
    pub quiet: bool,
}

/// The figures of one input. What does not apply is `null`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was read.
    pub input: String,
    /// What was written.
    pub output: Option<String>,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Number of Gaussians.
    pub gaussians: Option<usize>,
    /// Number of updates made.
    pub iterations: Option<u64>,
    /// Update rule, density control and blend.
    pub method: Option<String>,
    /// PSNR of the 8-bit picture in dB; `null` where it is infinite.
    pub psnr_db: Option<f64>,
    /// SSIM of the 8-bit picture.
    pub ssim: Option<f64>,
    /// Size of the file.
    pub bytes: u64,
    /// Bits per pixel.
    pub bpp: f64,
    /// Seconds for this input, reading and writing included.
    pub seconds: f64,
    /// What it was computed on.
    pub device: Option<String>,
    /// Seed of everything random.
    pub seed: Option<u64>,
    /// How long each stage took, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<Vec<Stage>>,
}

/// A stage of a fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Its name.
    pub stage: &'static str,
    /// Seconds in all.
    pub seconds: f64,
    /// How often it ran.
    pub calls: u64,
}

impl Report {
    /// One line for people.
    pub fn line(&self) -> String {
        let mut line = self.input.clone();
        if let Some(output) = &self.output {
            let _ = write!(line, " -> {output}");
        }
        let _ = write!(line, ": {}x{}", self.width, self.height);
        if let Some(gaussians) = self.gaussians {
            let _ = write!(line, ", {gaussians} Gaussians");
        }
        if let Some(iterations) = self.iterations {
            let _ = write!(line, ", {iterations} iterations");
        }
        if let Some(psnr) = self.psnr_db {
            let _ = write!(line, ", {psnr:.2} dB");
        }
        if let Some(ssim) = self.ssim {
            let _ = write!(line, ", SSIM {ssim:.4}");
        }
        let _ = write!(line, ", {} bytes ({:.3} bpp)", self.bytes, self.bpp);
        let _ = write!(line, ", {:.1} s", self.seconds);
        for Stage { stage, seconds, calls } in self.stages.iter().flatten() {
            let share = 100.0 * seconds / self.seconds;
            let _ =
                write!(line, "\n  {stage:<24} {seconds:>9.3} s {share:>5.1} % {calls:>7} calls");
        }
        line
    }
}

/// Reports each input as soon as it is done, and the means at the end.
pub struct Reporter {
    arguments: ReportArguments,
    table: Option<ReportCsv>,
    reports: Vec<Report>,
}

impl Reporter {
    /// A reporter that has reported nothing.
    pub fn new(arguments: ReportArguments) -> Self {
        Self { arguments, table: None, reports: Vec::new() }
    }

    /// Reports into a table, too.
    pub fn with_table(self, table: Option<ReportCsv>) -> Self {
        Self { table, ..self }
    }

    /// Reports one input.
    ///
    /// # Errors
    /// As [`output::line`], for JSON; as [`ReportCsv::add`], for a table.
    pub fn add(&mut self, report: Report) -> Result<()> {
        if self.arguments.json {
            json(&report)?;
        } else if !self.arguments.quiet {
            messages::line(&report.line());
        }
        if let Some(table) = &mut self.table {
            table.add(&report)?;
        }
        self.reports.push(report);
        Ok(())
    }

    /// Says the means over several inputs.
    ///
    /// # Errors
    /// As [`ReportCsv::finish`], for a table.
    pub fn finish(&mut self) -> Result<()> {
        if self.reports.len() > 1 && !self.arguments.json && !self.arguments.quiet {
            messages::line(&summary(&self.reports));
        }
        self.table.as_mut().map_or(Ok(()), |table| table.finish(&self.reports))
    }
}

/// Writes one value as a line of JSON to standard output.
///
/// # Errors
/// As [`output::line`].
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).map_err(|error| {
        lgi::Error::Invalid(format!("the report cannot be written as JSON: {error}"))
    })?;
    output::line(&text)
}

fn summary(reports: &[Report]) -> String {
    let bytes: u64 = reports.iter().map(|report| report.bytes).sum();
    let pixels: usize = reports.iter().map(|report| report.width * report.height).sum();
    let seconds: f64 = reports.iter().map(|report| report.seconds).sum();
    let mut line = format!("{} pictures", reports.len());
    if let Some(psnr) = mean(reports, |report| report.psnr_db) {
        let _ = write!(line, ", mean {psnr:.2} dB");
    }
    if let Some(ssim) = mean(reports, |report| report.ssim) {
        let _ = write!(line, ", mean SSIM {ssim:.4}");
    }
    let bpp = bytes as f64 * 8.0 / pixels.max(1) as f64;
    let _ = write!(line, ", {bytes} bytes ({bpp:.3} bpp), {seconds:.1} s");
    line
}

/// Mean of a figure over the reports that have it.
pub(super) fn mean(reports: &[Report], figure: impl Fn(&Report) -> Option<f64>) -> Option<f64> {
    let figures: Vec<f64> = reports.iter().filter_map(figure).collect();
    (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_leave_out_what_is_missing() {
        let with = |psnr_db| Report { psnr_db, width: 4, height: 2, bytes: 3, ..Report::default() };
        let reports = [with(Some(30.0)), with(None), with(Some(40.0))];
        let line = summary(&reports);
        assert_eq!(line, "3 pictures, mean 35.00 dB, 9 bytes (3.000 bpp), 0.0 s");
    }
}
