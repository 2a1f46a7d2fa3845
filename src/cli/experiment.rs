//! `lgi experiment`: grids of fits, with curves, plots and a report.

use std::path::{Path, PathBuf};

use clap::Args;
use lgi::experiment::builtin::{self, BuiltIn};
use lgi::experiment::{Experiment, Job, Observer, RunEnd, Workers};
use lgi::read_bounded;

use super::device::parse_device;
use super::failure::{Failure, Result};
use super::{interrupt, messages, output, paths};

/// Most bytes of an experiment's file.
const MAX_BYTES: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  lgi experiment --list
  lgi experiment divergence -o results/divergence --quick
  lgi experiment optimizers photos/*.png -o results/optimizers
  lgi experiment divergence --print > mine.toml
  lgi experiment mine.toml -o results/mine
      Once more, it goes on where it was stopped.";

/// Run an experiment: pictures x numbers of Gaussians x methods x seeds
///
/// Writes curves.csv with the curves of all runs, plots as SVG, and report.md with means and
/// spread. Runs that are finished in the directory are not run again, as long as nothing that they
/// depend on has changed. Ctrl-C stops; the same command goes on.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExperimentArguments {
    /// An experiment that is part of the program, or a file that ends in .toml
    #[arg(value_name = "NAME|FILE.toml", required_unless_present = "list")]
    experiment: Option<String>,

    /// Pictures in the place of the experiment's own: files, `sample`, `synthetic`
    ///
    /// `photo.png#256x256+64+0` takes a part.
    #[arg(value_name = "PICTURE")]
    pictures: Vec<String>,

    /// Directory for everything that is written; made where it is missing
    #[arg(short, long, value_name = "DIRECTORY", required_unless_present_any = ["list", "print"])]
    output: Option<PathBuf>,

    /// The experiment at its small size
    #[arg(long)]
    quick: bool,

    /// Numbers of Gaussians in the place of the experiment's own
    #[arg(short = 'n', long, value_name = "N,...", value_delimiter = ',')]
    gaussians: Vec<usize>,

    /// Seeds in the place of the experiment's own
    #[arg(long, value_name = "SEED,...", value_delimiter = ',')]
    seeds: Vec<u64>,

    /// Only the runs themselves, and nothing that branches off
    #[arg(long)]
    no_branches: bool,

    /// List the experiments that are part of the program
    #[arg(long, conflicts_with_all = ["experiment", "print"])]
    list: bool,

    /// Write the experiment's text to standard output instead of running it
    #[arg(long)]
    print: bool,

    /// Where to compute: auto, gpu, cpu, software, an index or part of a name
    #[arg(short, long, value_name = "DEVICE", default_value = "auto")]
    device: String,

    /// Fits at once; on the CPU by default as many as there are threads and memory for
    #[arg(short, long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// Say nothing but errors
    #[arg(long)]
    quiet: bool,
}

/// Runs, lists or prints experiments.
///
/// # Errors
/// [`Failure`].
pub fn run(arguments: &ExperimentArguments) -> Result<()> {
    let (name, directory) = match (&arguments.experiment, &arguments.output) {
        (Some(name), _) if arguments.print => return output::to_stdout(text(name)?.as_bytes()),
        (Some(name), Some(directory)) => (name, directory),
        _ => return list(),
    };
    let text = text(name)?;
    let named = |error: lgi::Error| match is_file(name) {
        true => Failure::Failed(error.at(Path::new(name))),
        false => Failure::Failed(error),
    };
    let mut experiment = Experiment::parse(&text).map_err(named)?;
    replace(&mut experiment.pictures, &arguments.pictures);
    if arguments.quick {
        experiment = experiment.quick();
    }
    replace(&mut experiment.gaussians, &arguments.gaussians);
    replace(&mut experiment.seeds, &arguments.seeds);
    if arguments.no_branches {
        experiment.drop_branches();
    }
    let device = parse_device(&arguments.device)?;
    let job = Job::new(experiment);
    let job = job.map_err(named)?;
    interrupt::listen()?;
    paths::create_directory(directory)?;
    let workers = Workers { device, jobs: arguments.jobs.map(usize::from) };
    let watch = Watch { quiet: arguments.quiet };
    if !job.run(directory, &workers, &watch, &command(arguments, name))? {
        return Err(Failure::Interrupted);
    }
    if !arguments.quiet {
        messages::line(&format!("wrote {}", directory.join("report.md").display()));
    }
    Ok(())
}

fn replace<T: Clone>(own: &mut Vec<T>, given: &[T]) {
    if !given.is_empty() {
        *own = given.to_vec();
    }
}

fn list() -> Result<()> {
    for BuiltIn { name, text } in builtin::ALL {
        output::line(&format!("{name:<12} {}", Experiment::parse(text)?.title))?;
    }
    Ok(())
}

/// Names that end in .toml are files.
fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

fn text(name: &str) -> Result<String> {
    if !is_file(name) {
        let built_in = BuiltIn::named(name).map_err(|error| Failure::of_option(&error))?;
        return Ok(built_in.text.into());
    }
    let path = Path::new(name);
    let bytes = read_bounded::from_path(path, MAX_BYTES).map_err(|error| error.at(path))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("the file is not UTF-8 text: {}", path.display())))
}

/// The command, as the report repeats it: without what does not change results.
fn command(arguments: &ExperimentArguments, name: &str) -> String {
    let mut words = vec!["lgi experiment".to_owned(), name.to_owned()];
    words.extend(arguments.pictures.iter().cloned());
    words.push("-o DIRECTORY".into());
    if arguments.quick {
        words.push("--quick".into());
    }
    let lists = [("-n", texts(&arguments.gaussians)), ("--seeds", texts(&arguments.seeds))];
    for (option, values) in lists.iter().filter(|(_, values)| !values.is_empty()) {
        words.push(format!("{option} {}", values.join(",")));
    }
    if arguments.no_branches {
        words.push("--no-branches".into());
    }
    if arguments.device != "auto" {
        words.push(format!("--device {}", arguments.device));
    }
    words.join(" ")
}

fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// Says what has ended, and listens for Ctrl-C.
struct Watch {
    quiet: bool,
}

impl Observer for Watch {
    fn ended(&self, end: &RunEnd<'_>) {
        if self.quiet {
            return;
        }
        let (done, all) = end.done;
        let how = match (&end.failed, end.psnr_db) {
            (Some(why), _) => why.clone(),
            (None, Some(psnr_db)) => format!("{psnr_db:.2} dB"),
            (None, None) => "finished before".into(),
        };
        messages::line(&format!("{done}/{all} {}: {how}", end.run.key));
    }

    fn stopped(&self) -> bool {
        interrupt::requested()
    }
}
