//! `lgi decode`: Gaussians in, pictures of any size out.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use clap::builder::PossibleValuesParser;
use lgi::backend::{Backend, select};
use lgi::codec::{self, Partial, Scene};
use lgi::image::{PictureFormat, Region, Size};
use lgi::strips::draw_samples;

use super::device::{on_threads, parse_device, use_threads};
use super::failure::{Failure, Result};
use super::limits::LimitArguments;
use super::paths::{self, Job, Place};
use super::picture_output::PictureOutput;
use super::report::{Report, ReportArguments, Reporter};
use super::tally::Tally;
use super::{messages, output, scene_file};

const EXAMPLES: &str = "\
Examples:
  lgi decode photo.lgi
      Writes photo.png.
  lgi decode photo.lgi -o large.png --scale 4
  lgi decode photo.lgi -o eye.png --scale 4 --region 640x480+1200+800
  lgi decode arrived-so-far.lgi -o preview.png --partial
  lgi decode *.lgi -o thumbnails/ --width 160
  lgi decode photo.lgi -o - | display -";

/// Extension of what is written where nothing else is asked for.
const EXTENSION: &str = "png";

/// Draw .lgi files as pictures, at any size
///
/// The extension of the output chooses the format: PNG, JPEG, WebP, BMP, TIFF or PNM; standard
/// output gets PNG. At smaller sizes what is finer than a pixel is averaged.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, args_override_self = true)]
pub struct DecodeArguments {
    /// Files to decode; - is standard input
    #[arg(value_name = "INPUT", required_unless_present = "input")]
    inputs: Vec<PathBuf>,

    /// A file to decode, as if it stood alone
    #[arg(short, long, value_name = "INPUT")]
    input: Vec<PathBuf>,

    /// Output file, or directory for many; - is standard output
    ///
    /// Without it, the output stands next to the input and is called the same but for the
    /// extension, .png. A directory exists already, or is written with a slash at its end and
    /// made where it is missing. For standard input the output is standard output.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Replace files that exist
    #[arg(short, long)]
    force: bool,

    /// Draw at so many times the size
    #[arg(long, value_name = "FACTOR", conflicts_with_all = ["width", "height"])]
    scale: Option<f64>,

    /// Draw so many pixels wide; without --height, in proportion
    #[arg(long, value_name = "PIXELS")]
    width: Option<usize>,

    /// Draw so many pixels high; without --width, in proportion
    #[arg(long, value_name = "PIXELS")]
    height: Option<usize>,

    /// Draw only this part: WIDTHxHEIGHT+LEFT+TOP in pixels of the drawn picture
    ///
    /// As jpegtran and ImageMagick write it. With --scale and its like, of the picture at that
    /// size, which then may be larger than the limits allow: only the part is drawn.
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,

    /// Draw what has arrived of a coded file that is cut off
    ///
    /// Of a file encoded with --progressive the base layer, and every layer that is whole and has
    /// passed its checksum: the whole picture, less finely. Of others the base layer, and the
    /// Gaussians from the top down to where the file ends, which no checksum covers there.
    #[arg(long)]
    partial: bool,

    /// Bits a channel; as in the picture that was encoded, if the format can, where not given
    #[arg(long, value_name = "BITS", value_parser = PossibleValuesParser::new(["8", "16"]))]
    bit_depth: Option<String>,

    /// Where to draw: auto, gpu, cpu, software, an index or part of a name
    #[arg(short, long, value_name = "DEVICE", default_value = "cpu")]
    device: String,

    /// Threads to use on the CPU [default: all]
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,

    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    report: ReportArguments,
}

/// Decodes all inputs.
///
/// # Errors
/// [`Failure`], after having gone on with the other inputs where there are several.
pub fn run(arguments: &DecodeArguments) -> Result<()> {
    let inputs: Vec<PathBuf> = arguments.inputs.iter().chain(&arguments.input).cloned().collect();
    let jobs = paths::plan(&inputs, arguments.output.as_deref(), EXTENSION)?;
    check(arguments, &jobs)?;
    use_threads(arguments.threads)?;
    paths::make_output_directory(arguments.output.as_deref())?;
    let mut backend = select::open(&parse_device(&arguments.device)?)?;
    let mut reporter = Reporter::new(arguments.report);
    let mut tally = Tally::of(jobs.len());
    for job in &jobs {
        let decoded = on_threads(|| decode(arguments, job, backend.as_mut()));
        tally.take(decoded.and_then(|report| reporter.add(report)))?;
    }
    reporter.finish()?;
    tally.finish()
}

fn check(arguments: &DecodeArguments, jobs: &[Job]) -> Result<()> {
    let stdout = jobs.iter().find(|job| job.output == Place::Standard);
    if let Some(job) = stdout {
        output::check_not_terminal(&job.output)?;
        if arguments.report.json {
            return Err(Failure::usage(
                "standard output cannot take both the output and --json; name a file for the \
                 output",
            ));
        }
    }
    if arguments.scale.is_some_and(|scale| !scale.is_finite() || scale <= 0.0) {
        return Err(Failure::usage("--scale must be above 0"));
    }
    if arguments.width == Some(0) || arguments.height == Some(0) {
        return Err(Failure::usage("--width and --height must be at least 1"));
    }
    Ok(())
}

fn decode(arguments: &DecodeArguments, job: &Job, backend: &mut dyn Backend) -> Result<Report> {
    let started = Instant::now();
    if let Some(path) = job.output.file() {
        paths::check_output(path, arguments.force)?;
    }
    let format = match job.output.file() {
        Some(path) => PictureFormat::from_path(path)?,
        None => PictureFormat::Png,
    };
    let limits = &arguments.limits;
    let bytes = job.input.read(limits.max_file_bytes())?;
    let scene = read(arguments, &bytes, &job.input)?;
    let size = size_to_draw(arguments, scene.size);
    let region = arguments.region.unwrap_or(Region::whole(size));
    let checked = region.check_within(size).and_then(|()| limits.check_size(region.size));
    checked.map_err(|error| job.input.blame(error))?;

    let bit_depth = match arguments.bit_depth.as_deref() {
        Some("16") => 16,
        Some(_) => 8,
        None => scene.bit_depth.min(format.max_bit_depth()),
    };
    let picture =
        PictureOutput { place: &job.output, format, bit_depth, overwrite: arguments.force };
    picture.check(region.size, scene.gaussians.channels())?;
    let gaussians = scene_file::to_draw(&scene, size, &region, limits)?;
    let samples = draw_samples(backend, &gaussians, scene.blend, region.size, bit_depth)?;
    let written = picture.write(&samples)?;
    Ok(Report {
        output: Some(job.output.to_string()),
        width: region.size.width,
        height: region.size.height,
        bytes: written,
        bpp: lgi::metrics::bits_per_pixel(written, region.size),
        device: Some(backend.description().to_owned()),
        ..scene_file::report(&job.input, &scene, written, started)
    })
}

/// The scene of a file, or what has arrived of it if that will do.
fn read(arguments: &DecodeArguments, bytes: &[u8], input: &Place) -> Result<Scene> {
    let limits = arguments.limits.for_scenes();
    if !arguments.partial {
        return Ok(codec::decode(bytes, &limits).map_err(|error| input.blame(error))?);
    }
    let partial = codec::decode_partial(bytes, &limits);
    let Partial { scene, is_whole } = partial.map_err(|error| input.blame(error))?;
    if !is_whole && !arguments.report.quiet {
        let count = scene.gaussians.len();
        messages::warning(format!("{input}: cut off; {count} of its Gaussians have arrived"));
    }
    Ok(scene)
}

/// The size that was asked for; what is not said keeps the proportions.
fn size_to_draw(arguments: &DecodeArguments, stored: Size) -> Size {
    // The conversion saturates; limits are checked afterwards.
    let round = |side: f64| (side.round() as usize).max(1);
    let (width, height) = (stored.width as f64, stored.height as f64);
    match (arguments.scale, arguments.width, arguments.height) {
        (Some(scale), ..) => Size::new(round(width * scale), round(height * scale)),
        (None, Some(to), None) => Size::new(to, round(height * to as f64 / width)),
        (None, None, Some(to)) => Size::new(round(width * to as f64 / height), to),
        (None, Some(to_width), Some(to_height)) => Size::new(to_width, to_height),
        (None, None, None) => stored,
    }
}
