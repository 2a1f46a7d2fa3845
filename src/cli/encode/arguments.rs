//! The options of `lgi encode`. The keys of a configuration file are the same names.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use lgi::density::DECIDERS;
use lgi::experiment::{BlendName, ColorStartName};
use lgi::fit::{Placement, Quality};
use lgi::loss::Loss;
use lgi::optim::PerGroup;
use lgi::strategy::Curriculum;
use lgi::{covariance, init, optim, strategy};

use super::coded::CodedArguments;
use crate::cli::limits::LimitArguments;
use crate::cli::report::ReportArguments;
use crate::cli::values::{
    LearningRates, OrAuto, OrOff, Settings, parse_groups, parse_loss, parse_settings,
};

const EXAMPLES: &str = "\
Examples:
  lgi encode photo.png
      Writes photo.lgi.
  lgi encode photo.png -o photo.lgi -n 5000 -q high --seed 7
  lgi encode photo.png --bpp 0.3
      A coded file, a hundredth of the picture's own size.
  lgi encode photo.png --size 10000 -q max
  lgi encode *.jpg -o encoded/ --json > figures.jsonl
  lgi encode *.jpg -o encoded/ --csv figures.csv
  lgi encode -i in.png -o out.png -n 1000 -q balanced --metrics-csv m.csv
      Writes the picture as the Gaussians draw it, and a table of the fit.
  lgi encode photo.png --checkpoint-dir saved --checkpoint-every 100
  lgi encode photo.png --resume saved/photo-000300.json.gz --force
      Goes on where an earlier run was stopped; options are those of that run.
  cat photo.png | lgi encode - -o - | lgi decode - -o back.png

Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.";

/// Fit Gaussians to pictures and store them
///
/// Reads PNG, JPEG, WebP, BMP, TIFF and PNM. Writes .lgi files; an output whose name ends as
/// pictures do (.png, .jpg, .webp, .bmp, .tif, .ppm, ...) gets the picture that the Gaussians
/// draw instead.
///
/// Ctrl-C ends a fit early and writes its best result so far, and a checkpoint where
/// --checkpoint-dir is given; a second Ctrl-C ends at once.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, args_override_self = true)]
pub struct EncodeArguments {
    #[command(flatten)]
    pub files: FileArguments,
    #[command(flatten)]
    pub main: MainArguments,
    #[command(flatten)]
    pub coded: CodedArguments,
    #[command(flatten)]
    pub stop: StopArguments,
    #[command(flatten)]
    pub optimizer: OptimizerArguments,
    #[command(flatten)]
    pub schedule: ScheduleArguments,
    #[command(flatten)]
    pub density: DensityArguments,
    #[command(flatten)]
    pub model: ModelArguments,
    #[command(flatten)]
    pub records: RecordArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
    #[command(flatten)]
    pub report: ReportArguments,
}

/// What is read and written.
#[derive(Args, Debug)]
pub struct FileArguments {
    /// Pictures to encode; - is standard input
    #[arg(value_name = "INPUT", required_unless_present = "input")]
    pub inputs: Vec<PathBuf>,

    /// A picture to encode, as if it stood alone
    #[arg(short, long, value_name = "INPUT")]
    pub input: Vec<PathBuf>,

    /// Output file, or directory for many; - is standard output
    ///
    /// Without it, the output stands next to the input and is called the same but for the
    /// extension, .lgi. A directory exists already, or is written with a slash at its end and
    /// made where it is missing. For standard input the output is standard output.
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,

    /// Replace files that exist
    #[arg(short, long)]
    pub force: bool,

    /// Read options from a TOML file
    ///
    /// Its keys are the long options without the dashes in front, such as `gaussians = 5000`.
    /// Options on the command line win over the file, and the file wins over --quality.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
}

/// What most users want to choose.
#[derive(Args, Debug)]
#[command(next_help_heading = "Main options")]
pub struct MainArguments {
    /// Number of Gaussians, or `auto` for what suits the picture's detail
    #[arg(short = 'n', long, value_name = "N")]
    pub gaussians: Option<OrAuto<usize>>,

    /// Find the smallest number of Gaussians that reaches this PSNR in dB
    ///
    /// Fits the picture several times. Overshoots by about a tenth of a decibel.
    #[arg(long, value_name = "DB", conflicts_with_all = ["gaussians", "resume", "time"])]
    pub psnr: Option<f64>,

    /// Preset: the method that is best for 30, 100, 250, 1000 or 3000 iterations
    ///
    /// More work gives a better picture of the same size. The method is L-BFGS with growth and
    /// relocation of Gaussians. Options given on their own win over the preset; --method, and
    /// the options of update rules and schedules, choose a plain method that keeps the
    /// Gaussians it starts with.
    #[arg(short, long, value_name = "PRESET", value_parser = quality_parser())]
    pub quality: Option<Quality>,

    /// How parameters are stored: 32-bit floats, or 16-bit numbers in half the space
    #[arg(long, value_name = "BITS", default_value = "32",
          value_parser = PossibleValuesParser::new(["32", "16"]))]
    pub precision: String,

    /// Where to compute: auto, gpu, cpu, software, an index or part of a name
    ///
    /// `lgi devices` lists what there is.
    #[arg(short, long, value_name = "DEVICE", default_value = "auto")]
    pub device: String,

    /// Seed of everything random; the same seed gives the same file
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,

    /// Threads to use on the CPU [default: all]
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<usize>,
}

/// When a fit ends.
#[derive(Args, Debug)]
#[command(next_help_heading = "When to stop")]
pub struct StopArguments {
    /// Number of updates, from the preset if not given; also the length of the schedule
    #[arg(long, value_name = "COUNT")]
    pub iterations: Option<u64>,

    /// Stop after so many iterations without a rise in PSNR, or `off`
    #[arg(long, value_name = "COUNT")]
    pub patience: Option<OrOff<u64>>,

    /// What counts as a rise in PSNR, in dB
    #[arg(long, value_name = "DB", hide_short_help = true)]
    pub patience_gain: Option<f64>,

    /// Stop at this PSNR in dB, or `off`
    #[arg(long, value_name = "DB")]
    pub target_psnr: Option<OrOff<f64>>,

    /// Give the best result in so many seconds of fitting, or `off`
    ///
    /// Picks the number of iterations that fit into the time, unless --iterations is given, and
    /// stops when it is up.
    #[arg(long, value_name = "SECONDS")]
    pub time: Option<OrOff<f64>>,
}

/// The update rule.
#[derive(Args, Debug)]
#[command(next_help_heading = "Optimizer")]
pub struct OptimizerArguments {
    /// Update rule by itself, without growth, or a strategy; without it, the preset's whole method
    ///
    /// With what goes around it, joined by commas: `clip-l2,lookahead,adam`. A strategy such as
    /// `cmaes`, or a pipeline: strategies and methods joined by +, each with its number of
    /// iterations or none, as `cmaes:20+lbfgs:200`; those without share evenly what the others
    /// leave. `lgi methods` lists all.
    #[arg(long, value_name = "METHOD", value_parser = parse_method)]
    pub method: Option<String>,

    /// Change a number of the method, such as `beta1=0.9`; may be given several times
    ///
    /// `lookahead.every=5` where several parts have one of that name, `color.beta1=0.9` for one
    /// group of parameters. `rate=0.01` or `color.rate=0.02` are learning rates as they are. Any
    /// number may be a schedule: `rate=cosine(0.01,0)`. `lgi methods NAME` lists the numbers.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_settings)]
    pub set: Vec<Settings>,

    /// One factor on all learning rates, or `position=,shape=,color=`, any of them
    ///
    /// A single number multiplies the usual rates of all three groups.
    /// `position=0.4,color=0.02` sets the rates of the groups it names.
    #[arg(long, value_name = "RATES")]
    pub learning_rate: Option<LearningRates>,

    /// Where updates are made: on the host, or on the device that draws
    ///
    /// On the device nothing is waited for between iterations: parameters, gradients and what the
    /// method remembers stay there. It can be where the method is lbfgs alone, or where every part
    /// treats numbers one by one (adam, lion, sgd, clip-value, ...), with the covariances body-frame,
    /// cholesky and log-scale-rotation, without SSIM in the loss; growth is the host's turn in
    /// between. `auto` takes the device where it is a GPU and the method can be there, and else the
    /// host; `device` fails with the reason where it cannot be. Results differ in the last digits.
    #[arg(long, value_name = "PLACE", hide_short_help = true, value_parser = placement_parser())]
    pub placement: Option<Placement>,

    /// Decay of the first moment; as `--set beta1=`
    #[arg(long, value_name = "DECAY", hide_short_help = true)]
    pub beta1: Option<f64>,

    /// Decay of the second moment; as `--set beta2=`
    #[arg(long, value_name = "DECAY", hide_short_help = true)]
    pub beta2: Option<f64>,

    /// Added to the root of the second moment; as `--set epsilon=`
    #[arg(long, value_name = "VALUE", hide_short_help = true)]
    pub epsilon: Option<f64>,

    /// Groups of parameters that stay as they start: `position`, `shape`, `color`, or several
    ///
    /// Joined by commas; `off` for none. Switches growth and relocation off. For a group that
    /// rests for a while only, see the part `freeze` in `lgi methods`.
    #[arg(long, value_name = "GROUPS", hide_short_help = true, value_parser = parse_groups)]
    pub freeze: Option<PerGroup<bool>>,

    /// A picture of the input's size: Gaussians whose centre lies on black stay as they are
    ///
    /// Black is darker than half. As they start, or as they are in the checkpoint that --resume
    /// goes on from; `off` lifts the mask of that one. Switches growth and relocation off.
    #[arg(long, value_name = "PICTURE", hide_short_help = true)]
    pub mask: Option<OrOff<PathBuf>>,

    /// Number of steps that L-BFGS remembers; as `--set memory=`
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    pub memory: Option<f64>,

    /// Clip every entry of the gradient to this size, or `off`; as `--method clip-value,...`
    #[arg(long, value_name = "VALUE", hide_short_help = true)]
    pub clip_value: Option<OrOff<f64>>,

    /// Scale the gradient down to this Euclidean norm, or `off`; as `--method clip-l2,...`
    #[arg(long, value_name = "NORM", hide_short_help = true)]
    pub clip_norm: Option<OrOff<f64>>,
}

/// How Gaussians come, go and move during the fit.
#[derive(Args, Debug)]
#[command(next_help_heading = "Density control")]
pub struct DensityArguments {
    /// Growth and relocation of Gaussians: `off`, `on`, or who decides; the presets have it on
    ///
    /// `on` goes by the rules. `lgi methods` lists who else can decide; with `controller` a plan
    /// stands in the place of --relocate-share and --eagerness.
    #[arg(long, value_name = "WHO", hide_short_help = true, value_parser = density_values())]
    pub density: Option<String>,

    /// Share of the Gaussians that the fit starts with
    #[arg(long, value_name = "SHARE", hide_short_help = true)]
    pub start_share: Option<f32>,

    /// Iterations from one revision of the Gaussians to the next
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    pub revise_every: Option<u64>,

    /// Part of the iterations after which all Gaussians are there
    #[arg(long, value_name = "SHARE", hide_short_help = true)]
    pub grow_until: Option<f32>,

    /// Part of the iterations after which Gaussians are no longer relocated
    #[arg(long, value_name = "SHARE", hide_short_help = true)]
    pub relocate_until: Option<f32>,

    /// Largest share of the Gaussians that one revision relocates
    #[arg(long, value_name = "SHARE", hide_short_help = true)]
    pub relocate_share: Option<f32>,

    /// What the gain of a new place is multiplied by before it is compared with a cost
    #[arg(long, value_name = "FACTOR", hide_short_help = true)]
    pub eagerness: Option<f32>,

    /// Split Gaussians where that gains more than a new one, believing this share of the gain
    #[arg(long, value_name = "SHARE")]
    pub split_trust: Option<f32>,
}

/// The learning rate over the iterations.
#[derive(Args, Debug)]
#[command(next_help_heading = "Learning-rate schedule")]
pub struct ScheduleArguments {
    /// Factor on all learning rates over the iterations
    ///
    /// Those with more numbers go through --set: `--set "rate=one-cycle(0.1,rise=0.2)"`.
    #[arg(long, value_name = "SCHEDULE", hide_short_help = true, value_parser = schedule_parser())]
    pub schedule: Option<String>,

    /// Fit to smaller pictures first: `on`, `off`, or how often the picture is halved
    ///
    /// A schedule over the iterations, such as `table(0=2,20=1,60=0)`, that ends at 0; `on` is
    /// `exponential(1,0.02)`. Goes with every method. An iteration on a picture of half the size
    /// counts as a quarter. Each size has schedules and a memory of its own.
    #[arg(long, value_name = "HALVINGS", hide_short_help = true)]
    pub curriculum: Option<OrOff<Curriculum>>,

    /// Iterations in which the rate rises from nothing
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    pub warmup: Option<u64>,

    /// Factor at the end: cosine, cosine-restarts, exponential, linear,
    /// noisy-cosine
    #[arg(long, value_name = "FACTOR", hide_short_help = true)]
    pub final_fraction: Option<f64>,

    /// Iterations between restarts or steps: cosine-restarts, step, cyclic
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    pub period: Option<u64>,

    /// What the period grows by at each restart: cosine-restarts
    #[arg(long, value_name = "FACTOR", hide_short_help = true)]
    pub period_growth: Option<f64>,

    /// What the rate is multiplied by at each step: step, plateau
    #[arg(long, value_name = "FACTOR", hide_short_help = true)]
    pub decay: Option<f64>,
}

/// What is fitted, to what, from where.
#[derive(Args, Debug)]
#[command(next_help_heading = "Model")]
pub struct ModelArguments {
    /// Terms of the loss and their weights: `l2`, or `l1=0.2,l2=0.8,ssim=0.1`
    #[arg(long, value_name = "WEIGHTS", value_parser = parse_loss)]
    pub loss: Option<Loss>,

    /// Parameters that a covariance is fitted in
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = covariance_parser())]
    pub covariance: Option<String>,

    /// How overlapping Gaussians make a pixel
    #[arg(long, value_name = "NAME", hide_short_help = true,
          value_parser = PossibleValuesParser::new(BlendName::ALL.map(|(name, _)| name)))]
    pub blend: Option<String>,

    /// Added to the coverage by the normalized blend
    #[arg(long, value_name = "VALUE", hide_short_help = true)]
    pub blend_epsilon: Option<f32>,

    /// Where the first Gaussians are placed
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = init_parser())]
    pub init: Option<String>,

    /// Where the first colours come from: the pixels below, or a least-squares solve
    #[arg(long, value_name = "NAME", hide_short_help = true,
          value_parser = PossibleValuesParser::new(ColorStartName::ALL.map(|(name, _)| name)))]
    pub init_colors: Option<String>,

    /// Conjugate-gradient steps of `--init-colors solve`
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    pub solve_iterations: Option<usize>,

    /// Smallest standard deviation of a Gaussian in pixels
    #[arg(long, value_name = "PIXELS", hide_short_help = true)]
    pub sigma_min: Option<f32>,
}

/// What is kept of a fit beside its result.
#[derive(Args, Debug)]
#[command(next_help_heading = "Records and checkpoints")]
pub struct RecordArguments {
    /// Write a table of the results, a row for every picture; - is standard output
    ///
    /// Columns are the keys of --json. The last row, whose input is called `mean`, has the means
    /// of all figures.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,

    /// Write a table of the fit, a row for every logged iteration; - is standard output
    ///
    /// Columns: input, iteration, number of Gaussians, the terms of the loss (unweighted) and
    /// their weighted total, PSNR of the present and of the best state, for each group of
    /// parameters learning rate and norms of gradient and momentum; smallest, median and largest
    /// standard deviation, median and largest condition number (ratio of the standard
    /// deviations), pixels that no Gaussian reaches, seconds. Several inputs share one table.
    #[arg(long, value_name = "FILE")]
    pub metrics_csv: Option<PathBuf>,

    /// Say how long each stage of the fit took; in --json as `stages`
    #[arg(long)]
    pub profile: bool,

    /// Log every so many iterations, and the last
    #[arg(long, value_name = "COUNT", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub log_every: u64,

    /// Write checkpoints into this directory, as NAME-000100.json.gz; it is made where missing
    #[arg(long, value_name = "DIRECTORY")]
    pub checkpoint_dir: Option<PathBuf>,

    /// Write one every so many iterations; without it, only when interrupted
    #[arg(long, value_name = "COUNT", requires = "checkpoint_dir",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub checkpoint_every: Option<u64>,

    /// Go on from a checkpoint of the same picture
    ///
    /// All options of the fit are those of the checkpoint but for the ones given here. With
    /// nothing changed the result is the same, byte for byte, as without the interruption.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,

    /// Forget the optimizer's moments when resuming
    #[arg(long, requires = "resume", hide_short_help = true)]
    pub reset_momentum: bool,
}

fn quality_parser() -> impl TypedValueParser<Value = Quality> {
    PossibleValuesParser::new(Quality::ALL.map(Quality::name)).try_map(|name| {
        let preset = Quality::ALL.into_iter().find(|quality| quality.name() == name);
        preset.ok_or("there is no such preset")
    })
}

fn parse_method(text: &str) -> Result<String, lgi::Error> {
    text.parse::<strategy::Pipeline>().map(|_| text.to_owned())
}

fn schedule_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(optim::schedule::ALL.iter().map(|schedule| schedule.name))
}

fn placement_parser() -> impl TypedValueParser<Value = Placement> {
    let names = PossibleValuesParser::new(Placement::ALL.map(Placement::name));
    names.try_map(|name| name.parse::<Placement>())
}

fn covariance_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(covariance::ALL.iter().map(|covariance| covariance.name()))
}

fn init_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(init::ALL.iter().map(|initializer| initializer.name()))
}

fn density_values() -> PossibleValuesParser {
    let deciders = DECIDERS.iter().map(|decider| decider.name);
    PossibleValuesParser::new(["on", "off"].into_iter().chain(deciders))
}
