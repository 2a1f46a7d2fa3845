//! Coded files: the options that ask for one, and how it is made.

use std::ops::ControlFlow;
use std::sync::Arc;

use clap::Args;
use lgi::backend::Backend;
use lgi::codec;
use lgi::codec::coded::{Coded, Order};
use lgi::compress::{CompressOptions, CompressProgress, Effort, Parts, Target, compress_observed};
use lgi::fit::Quality;
use lgi::image::{Image, Size};

use super::arguments::EncodeArguments;
use crate::cli::failure::{Failure, Result};
use crate::cli::interrupt;
use crate::cli::progress::Display;

/// The target of a coded file.
#[derive(Args, Debug)]
#[command(next_help_heading = "Coded files")]
pub struct CodedArguments {
    /// Code the Gaussians: some 3 bytes for each, in place of 36 or more
    ///
    /// --bpp, --size, --step and --progressive ask for it too. With none of the first three the
    /// file has what looks good without being large: 0.5 bits per pixel, or 256 bytes.
    #[arg(long, conflicts_with_all = CONFLICTS)]
    pub coded: bool,

    /// Bits per pixel of the file, at most
    #[arg(long, value_name = "BITS", conflicts_with_all = CONFLICTS)]
    pub bpp: Option<f64>,

    /// Bytes of the file, at most
    #[arg(long, value_name = "BYTES", conflicts_with_all = CONFLICTS, conflicts_with = "bpp")]
    pub size: Option<u64>,

    /// Step of the quantiser, with 1 for white: smaller is better and larger
    #[arg(long, value_name = "STEP", hide_short_help = true,
          conflicts_with_all = CONFLICTS, conflicts_with_all = ["bpp", "size"])]
    pub step: Option<f64>,

    /// Coarse to fine: any beginning of the file draws the whole picture
    ///
    /// `lgi decode --partial` draws what has arrived of it. At 0.2 bits per pixel it takes
    /// 2.5 % more bytes than from top to bottom. Asks for a coded file too.
    #[arg(long, conflicts_with_all = CONFLICTS)]
    pub progressive: bool,
}

/// Options of the plain fit, which mean nothing here.
const CONFLICTS: [&str; 15] = [
    "gaussians",
    "iterations",
    "time",
    "target_psnr",
    "patience",
    "method",
    "blend",
    "loss",
    "covariance",
    "resume",
    "checkpoint_dir",
    "metrics_csv",
    "curriculum",
    "freeze",
    "mask",
];

/// Bits per pixel where nothing is asked for.
const USUAL_BPP: f64 = 0.5;

/// Bytes of the smallest pictures where nothing is asked for.
const USUAL_LEAST_BYTES: u64 = 256;

impl CodedArguments {
    /// Whether a coded file is asked for.
    pub fn is_wanted(&self) -> bool {
        self.coded
            || self.progressive
            || self.bpp.is_some()
            || self.size.is_some()
            || self.step.is_some()
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Failure::Usage`].
    pub fn check(&self) -> Result<()> {
        let wrong = |value: Option<f64>| value.filter(|v| !v.is_finite() || *v <= 0.0);
        if let Some(bpp) = wrong(self.bpp) {
            return Err(Failure::usage(format!("--bpp must be above 0, not {bpp}")));
        }
        if let Some(step) = wrong(self.step) {
            return Err(Failure::usage(format!("--step must be above 0, not {step}")));
        }
        Ok(())
    }

    fn order(&self) -> Order {
        if self.progressive { Order::Progressive } else { Order::Sequential }
    }

    fn target(&self, psnr_db: Option<f64>, size: Size) -> Target {
        let bytes = |bpp: f64| (bpp * size.pixels() as f64 / 8.0) as u64;
        match (psnr_db, self.bpp, self.size, self.step) {
            (Some(psnr_db), ..) => Target::PsnrDb(psnr_db),
            (_, Some(bpp), ..) => Target::Bytes(bytes(bpp)),
            (_, _, Some(size), _) => Target::Bytes(size),
            (_, _, _, Some(step)) => Target::Step(step),
            _ => Target::Bytes(bytes(USUAL_BPP).max(USUAL_LEAST_BYTES)),
        }
    }
}

/// A coded picture.
pub struct CodedFile {
    /// The Gaussians.
    pub coded: Coded,
    /// The file.
    pub bytes: Vec<u8>,
    /// Iterations of all fits.
    pub iterations: u64,
    /// Whether it was ended by Ctrl-C.
    pub interrupted: bool,
}

/// Codes a picture as the command line asks for.
///
/// # Errors
/// Those of [`compress_observed`].
pub fn encode(
    arguments: &EncodeArguments,
    backend: &mut dyn Backend,
    image: &Arc<Image>,
    bit_depth: u8,
    display: &mut Display,
) -> Result<CodedFile> {
    let options = CompressOptions {
        parts: Parts::default(),
        target: arguments.coded.target(arguments.main.psnr, image.size()),
        order: arguments.coded.order(),
        effort: Effort::of(arguments.main.quality.unwrap_or(Quality::Balanced)),
        seed: arguments.main.seed.unwrap_or_default(),
    };
    let (mut iterations, mut interrupted) = (0, false);
    let mut observe = |progress: &CompressProgress| {
        iterations = progress.iteration;
        display.plan(progress.iterations);
        display.advance(progress.iteration, progress.psnr_db);
        interrupted |= interrupt::requested();
        if interrupted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let coded = compress_observed(backend, image, &options, &mut observe)?;
    if interrupted {
        display.say(&format!("interrupted after {iterations} iterations"));
    }
    let bytes = codec::encode_exact(&coded, options.order, bit_depth, None)?;
    Ok(CodedFile { coded, bytes, iterations, interrupted })
}
