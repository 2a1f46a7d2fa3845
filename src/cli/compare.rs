//! `lgi compare`: how far two pictures are apart.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use lgi::backend::select;
use lgi::image::Image;
use lgi::metrics;
use serde::Serialize;

use super::device::parse_device;
use super::failure::{Failure, Result};
use super::limits::LimitArguments;
use super::measure::Measured;
use super::paths::Place;
use super::report::Report;
use super::scene_file::read_either;
use super::{output, report};

const EXAMPLES: &str = "\
Examples:
  lgi compare photo.png photo.lgi
  lgi compare photo.png decoded.png --json";

/// Compare two pictures: MSE, PSNR, SSIM, MS-SSIM and bits per pixel
///
/// Either may be an .lgi file, which is drawn first. The figures are of 8 bits a channel; bits
/// per pixel are those of the second file.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CompareArguments {
    /// The picture to compare with
    #[arg(value_name = "A")]
    first: PathBuf,

    /// The picture that is compared
    #[arg(value_name = "B")]
    second: PathBuf,

    /// Where to draw .lgi files: auto, gpu, cpu, software, an index or part of a name
    #[arg(short, long, value_name = "DEVICE", default_value = "cpu")]
    device: String,

    /// Write a JSON object to standard output
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    limits: LimitArguments,
}

#[derive(Serialize)]
struct Comparison {
    #[serde(flatten)]
    report: Report,
    /// Mean squared difference in units of 1/255 squared.
    mse: f64,
    ms_ssim: f64,
}

/// Compares the two.
///
/// # Errors
/// [`Failure::Failed`] if one cannot be read or they are not of one size.
pub fn run(arguments: &CompareArguments) -> Result<()> {
    let started = Instant::now();
    let (first, second) = (Place::of(&arguments.first), Place::of(&arguments.second));
    if first == Place::Standard && second == Place::Standard {
        return Err(Failure::usage("standard input (-) can be read only once"));
    }
    let mut backend = select::open(&parse_device(&arguments.device)?)?;
    let (a, _) = read_either(&first, &arguments.limits, backend.as_mut())?;
    let (b, bytes) = read_either(&second, &arguments.limits, backend.as_mut())?;
    check_sizes(&first, &a, &second, &b)?;
    let channels = a.channels().max(b.channels());
    let (a, b) = (with_channels(a, channels), with_channels(b, channels));
    let measured = Measured::of(&b, &a)?;
    let report = Report {
        input: first.to_string(),
        output: Some(second.to_string()),
        width: b.size().width,
        height: b.size().height,
        psnr_db: Some(measured.psnr_db),
        ssim: Some(measured.ssim),
        bytes,
        bpp: metrics::bits_per_pixel(bytes, b.size()),
        seconds: started.elapsed().as_secs_f64(),
        device: Some(backend.description().to_owned()),
        ..Report::default()
    };
    let comparison =
        Comparison { report, mse: measured.mse_8bit, ms_ssim: metrics::ms_ssim(&b, &a)? };
    if arguments.json { report::json(&comparison) } else { output::line(&text(&comparison)) }
}

fn check_sizes(first: &Place, a: &Image, second: &Place, b: &Image) -> Result<()> {
    if a.size() == b.size() {
        return Ok(());
    }
    let message = format!(
        "the pictures differ in size, {} and {}; draw one at the size of the other with `lgi \
         decode --width --height`: {first} and {second}",
        a.size(),
        b.size()
    );
    Err(lgi::Error::Invalid(message).into())
}

/// Gray as colour, opaque as with alpha; what has as many channels already stays as it is.
fn with_channels(image: Image, channels: usize) -> Image {
    if image.channels() >= channels {
        return image;
    }
    let mut out = Image::zeros(image.size(), channels);
    for channel in 0..channels {
        match channel {
            3 => out.plane_mut(channel).fill(1.0),
            _ => out.plane_mut(channel).copy_from_slice(image.plane(channel % image.channels())),
        }
    }
    out
}

fn text(comparison: &Comparison) -> String {
    let Report { psnr_db, ssim, bytes, bpp, .. } = &comparison.report;
    [
        format!("MSE      {:.4}", comparison.mse),
        format!("PSNR     {:.4} dB", psnr_db.unwrap_or_default()),
        format!("SSIM     {:.6}", ssim.unwrap_or_default()),
        format!("MS-SSIM  {:.6}", comparison.ms_ssim),
        format!("bytes    {bytes}"),
        format!("bpp      {bpp:.4}"),
    ]
    .join("\n")
}
