//! `lgi tune`: the settings of a method, strategy or pipeline that suit some pictures best.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use lgi::atomic_file;
use lgi::experiment;
use lgi::image::Size;
use lgi::side_by_side::Workers;
use lgi::strategy::RunOptions;
use lgi::tune::{Dimension, Trial, Tuning};
use toml::{Table, Value};

use super::device::parse_device;
use super::encode::{self, EncodeArguments, fit_options};
use super::failure::{Failure, Result};
use super::{interrupt, messages, paths};

const EXAMPLES: &str = "\
Examples:
  lgi tune photos/*.png --crop 256x256 -n 1000 --iterations 250 --method adam \\
      --range \"rate=log(0.001,1)\" --range \"beta1=linear(0.5,0.99)\" --trials 30 -o adam.toml
  lgi encode photo.png --config adam.toml
      Encodes with what was found.
  lgi tune photos/*.png --method lion --set rate=0.003 --range \"rate=log(1e-4,0.1)\" -o lion.toml
      The first trial is at what --set says.
  lgi tune photos/*.png -n 1000 --method annealing:50+lbfgs:200 -o annealing.toml \\
      --range \"annealing.sigma=log(0.01,1)\" --range \"lbfgs.memory=linear(4,32)\"
      Strategies and stages of pipelines have numbers too; see `lgi methods annealing`.";

/// Options of `encode` that have no place here.
const HIDDEN: [&str; 20] = [
    "input",
    "force",
    "psnr",
    "precision",
    "coded",
    "bpp",
    "size",
    "step",
    "progressive",
    "csv",
    "metrics_csv",
    "profile",
    "log_every",
    "checkpoint_dir",
    "checkpoint_every",
    "resume",
    "reset_momentum",
    "json",
    "time",
    "max_per_leaf",
];

/// Find the settings of a method or strategy that suit some pictures best
///
/// Fits all pictures with settings that a Gaussian process expects the most of (Jones et al. 1998),
/// again and again, and writes the best of them as a file for `lgi encode --config`. All options
/// of a fit are those of `lgi encode`. Trials are kept beside the output, as OUTPUT.trials; the
/// same command goes on where it was stopped, and with more --trials where it ended.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES, args_override_self = true)]
pub struct TuneArguments {
    /// A number to tune: NAME=log(LOW,HIGH) or NAME=linear(LOW,HIGH); may be given several times
    ///
    /// Names are those of --set: `rate`, `color.rate`, `beta1`, `lookahead.every`, and those of
    /// strategies, `annealing.sigma`. For the rate of one group there is also
    /// `color.rate=factor(0.1,10)`, from a tenth to ten times what is usual for the rule. The first
    /// trial is at what --set says or, without it, at what is usual, if that is within the ranges.
    #[arg(long, value_name = "NAME=SCALE(LOW,HIGH)", required = true)]
    range: Vec<Dimension>,

    /// Trials, those that are there already included
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    trials: usize,

    /// Size that pictures are cut to around their centre
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    crop: Option<String>,

    /// Fits at once; on the CPU by default as many as there are threads and memory for
    #[arg(short, long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    #[command(flatten)]
    pub encode: EncodeArguments,
}

/// Hides what has no place here.
pub fn without_the_rest(command: Command) -> Command {
    command.mut_args(|argument| {
        let id = argument.get_id().as_str();
        if id == "output" {
            let help = "The file of settings that is written; one that exists is replaced";
            return argument.help(help).long_help(help).value_name("FILE.toml").required(true);
        }
        let hidden = HIDDEN.contains(&id);
        argument.hide(hidden)
    })
}

/// Tunes.
///
/// # Errors
/// [`Failure`].
pub fn run(arguments: &TuneArguments) -> Result<()> {
    check(&arguments.encode)?;
    let encode = &arguments.encode;
    let Some(output) = &encode.files.output else {
        return Err(Failure::usage("--output is needed: the file of settings that is written"));
    };
    let names: Vec<String> =
        encode.files.inputs.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let pictures = experiment::read_pictures(&names, arguments.crop.as_deref())?;
    let targets: Vec<_> = pictures.into_iter().map(|picture| picture.target).collect();
    if encode.main.gaussians.and_then(|count| count.0).is_none() {
        return Err(Failure::usage("--gaussians is needed: a number that all fits share"));
    }
    let sizes: Vec<Size> = targets.iter().map(|target| target.size()).collect();
    let options = options(encode, &sizes)?;
    let seed = options.fit.seed;
    let tuning = Tuning::new(arguments.range.clone(), options, targets, seed);
    let mut tuning = tuning.map_err(|error| Failure::of_option(&error))?;
    let workers = Workers {
        device: parse_device(&encode.main.device)?,
        jobs: arguments.jobs.map(usize::from),
    };
    interrupt::listen()?;
    atomic_file::check(output, true)?;
    let trials = beside(output);
    tuning.go_on(&trials)?;
    let quiet = encode.report.quiet;
    while tuning.trials().len() < arguments.trials {
        let Some(trial) = tuning.step(&workers, &interrupt::requested)?.cloned() else { break };
        tuning.write(&trials)?;
        write(output, &tuning, encode)?;
        if !quiet {
            say(&tuning, &trial, arguments.trials);
        }
    }
    if tuning.trials().len() < arguments.trials {
        return Err(Failure::Interrupted);
    }
    // Where all trials were there already.
    write(output, &tuning, encode)
}

/// The options that all trials share.
fn options(encode: &EncodeArguments, sizes: &[Size]) -> Result<RunOptions> {
    let mut options = fit_options(encode, None)?;
    options.fit.stop.time_s = None;
    let suited = |size: &Size| {
        let mut fit = options.fit.clone();
        encode::suit(encode, *size, &mut fit);
        fit
    };
    let mut fits = sizes.iter().map(suited);
    if let Some(first) = fits.next() {
        if fits.any(|fit| fit != first) {
            let message = "blend or density control would differ between pictures of these sizes: \
                           give --crop, or --blend and --density";
            return Err(Failure::usage(message));
        }
        options.fit = first;
    }
    Ok(options)
}

/// Refuses what has no place here.
fn check(encode: &EncodeArguments) -> Result<()> {
    let records = &encode.records;
    let given = [
        ("--input", !encode.files.input.is_empty()),
        ("--psnr", encode.main.psnr.is_some()),
        ("--time", encode.stop.time.is_some()),
        ("--coded and its options", encode.coded.is_wanted()),
        ("--csv", records.csv.is_some()),
        ("--metrics-csv", records.metrics_csv.is_some()),
        ("--checkpoint-dir", records.checkpoint_dir.is_some()),
        ("--resume", records.resume.is_some()),
        ("--json", encode.report.json),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::usage(format!("{option} has no place in `lgi tune`"))),
        None => Ok(()),
    }
}

fn beside(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".trials");
    name.into()
}

fn say(tuning: &Tuning, trial: &Trial, all: usize) {
    let settings: Vec<String> = tuning
        .setup()
        .space
        .iter()
        .zip(&trial.settings)
        .map(|(dimension, value)| format!("{}={value:.4}", dimension.name))
        .collect();
    let done = tuning.trials().len();
    let best = tuning.best().map_or(f64::NEG_INFINITY, Trial::mean_psnr_db);
    let mean = trial.mean_psnr_db();
    let came = if mean.is_finite() { format!("{mean:.3} dB") } else { "diverged".into() };
    messages::line(&format!("{done}/{all} {}: {came}, best {best:.3} dB", settings.join(" ")));
}

/// Writes the best settings so far.
fn write(output: &Path, tuning: &Tuning, encode: &EncodeArguments) -> Result<()> {
    let Some(best) = tuning.best() else { return Ok(()) };
    let options = tuning.options(&best.settings)?;
    let text = format!(
        "# {:.3} dB, the best of {} trials: mean of {} pictures, N = {}, {} iterations.\n{}",
        best.mean_psnr_db(),
        tuning.trials().len(),
        best.psnr_db.len(),
        options.fit.gaussians,
        options.fit.stop.iterations,
        settings(&options, encode)
    );
    paths::make_output_directory(output.parent())?;
    Ok(atomic_file::write(output, text.as_bytes(), true)?)
}

/// What `--config` reads: what was found, and what of the command line it belongs to.
fn settings(options: &RunOptions, encode: &EncodeArguments) -> String {
    let mut file = Table::new();
    let EncodeArguments { optimizer, model, schedule, density, .. } = encode;
    let curriculum = schedule
        .curriculum
        .as_ref()
        .map(|given| given.0.as_ref().map_or_else(|| "off".into(), ToString::to_string));
    let freeze = optimizer.freeze.map(|groups| {
        let names = groups.iter().filter(|(_, rests)| **rests).map(|(group, _)| group.name());
        let names: Vec<&str> = names.collect();
        if names.is_empty() { "off".into() } else { names.join(",") }
    });
    let given = [
        // A preset has a method of its own.
        ("method", &optimizer.method),
        ("covariance", &model.covariance),
        ("blend", &model.blend),
        ("init", &model.init),
        ("init-colors", &model.init_colors),
        ("density", &density.density),
        ("schedule", &schedule.schedule),
        ("curriculum", &curriculum),
        ("freeze", &freeze),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            file.insert(key.into(), value.clone().into());
        }
    }
    let mut set = Table::new();
    for (name, value) in options.fit.optimizer.settings.iter().chain(&options.settings) {
        let value = match value {
            lgi::optim::Value::Number(number) => Value::Float(*number),
            other => Value::String(other.to_string()),
        };
        insert(&mut set, name, value);
    }
    file.insert("set".into(), Value::Table(set));
    file.to_string()
}

/// Puts a value where its name with dots says.
fn insert(table: &mut Table, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            table.insert(name.into(), value);
        }
        Some((first, rest)) => {
            let inside = table.entry(first).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inside) = inside {
                insert(inside, rest, value);
            }
        }
    }
}
