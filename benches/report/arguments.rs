//! The command line of the report.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use lgi::Result;
use lgi::backend::Backend;
use lgi::backend::select::{self, DeviceChoice};
use lgi::fit::Quality;

use crate::scaling::Case;

/// Pictures that `--quick` looks at.
pub const QUICK_PICTURES: usize = 2;

/// What can be measured on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// PSNR over iterations and seconds, method by method
    Curves,
    /// PSNR and seconds by number of Gaussians and preset
    Quality,
    /// Seconds per iteration and memory by number of Gaussians and pixels
    Scaling,
    /// Seconds of each stage of a fit
    Stages,
    /// Seconds per iteration with updates on the host and on the device
    Placement,
    /// PSNR by bits a pixel, on the Kodak pictures beside other codecs
    RateDistortion,
    /// What each part of the codec pays, and the bits that each part of a file takes
    CodecParts,
}

/// Regenerate the tables and plots of the README
#[derive(Debug, Parser)]
#[command(name = "report")]
pub struct Arguments {
    /// Directory of pictures; without it, assets/sample.png
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,

    /// Directory that the tables and plots go to; made where missing. With --quick it may be left
    /// out, and is target/report then
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Where to compute: auto, gpu, cpu, software, an index or part of a name
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: DeviceChoice,

    /// Only these parts, separated by commas
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    pub only: Vec<Part>,

    /// Only these presets, separated by commas; all, with --quick the first two
    #[arg(long, value_name = "PRESETS", value_delimiter = ',', value_parser = preset)]
    presets: Vec<Quality>,

    /// Numbers of Gaussians that the presets are tried with, separated by commas
    /// [default: 5000,10000,70000, with --quick 500,1000]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    counts: Vec<usize>,

    /// Rates of coded files in bits a pixel, separated by commas
    /// [default: 0.1,0.2,0.3,0.5,1, with --quick 0.1,0.3]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    rates: Vec<f64>,

    /// Gaussians of the curves [default: 10000, with --quick 1000]
    #[arg(long, value_name = "N")]
    pub gaussians: Option<usize>,

    /// Iterations of the curves [default: 250, with --quick 40]
    #[arg(long, value_name = "COUNT")]
    pub iterations: Option<u64>,

    /// Two pictures and small budgets, to see that everything works
    #[arg(long)]
    pub quick: bool,

    /// Measures one case of the scaling and writes it to standard output: memory is measured for
    /// a whole process
    #[arg(long, hide = true)]
    pub case: Option<Case>,

    /// What `cargo bench` adds on its own
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    /// Directory that the tables and plots go to. Nothing is to be measured without one: a bare
    /// `cargo bench` runs this, too, and should not take hours.
    pub fn out(&self) -> Option<&Path> {
        let usual = self.quick.then_some(Path::new("target/report"));
        self.out.as_deref().or(usual)
    }

    /// Whether a part was asked for.
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Gaussians of the curves.
    pub fn gaussians(&self) -> usize {
        self.gaussians.unwrap_or(if self.quick { 1000 } else { 10_000 })
    }

    /// Iterations of the curves.
    pub fn iterations(&self) -> u64 {
        self.iterations.unwrap_or(if self.quick { 40 } else { 250 })
    }

    /// Presets that are measured.
    pub fn presets(&self) -> &[Quality] {
        match (self.presets.as_slice(), self.quick) {
            ([], true) => &Quality::ALL[..2],
            ([], false) => &Quality::ALL,
            (presets, _) => presets,
        }
    }

    /// Numbers of Gaussians that they are measured with.
    pub fn counts(&self) -> &[usize] {
        match (self.counts.as_slice(), self.quick) {
            ([], true) => &[500, 1000],
            ([], false) => &[5000, 10_000, 70_000],
            (counts, _) => counts,
        }
    }

    /// Rates of coded files in bits a pixel.
    pub fn rates(&self) -> &[f64] {
        match (self.rates.as_slice(), self.quick) {
            ([], true) => &[0.1, 0.3],
            ([], false) => &[0.1, 0.2, 0.3, 0.5, 1.0],
            (rates, _) => rates,
        }
    }

    /// Opens the device.
    ///
    /// # Errors
    /// As [`select::open`].
    pub fn open(&self) -> Result<Box<dyn Backend>> {
        select::open(&self.device)
    }
}

fn preset(name: &str) -> std::result::Result<Quality, String> {
    let preset = Quality::ALL.into_iter().find(|quality| quality.name() == name);
    preset.ok_or_else(|| format!("no preset {name:?}"))
}
