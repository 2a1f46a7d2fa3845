//! `lgi encode`: pictures in, Gaussians out.

mod arguments;
mod checkpoints;
mod coded;
mod defaults;
mod finishing;
mod fit_loop;
mod job;
mod metrics_csv;
mod options;
mod reading;

pub use arguments::EncodeArguments;
pub use defaults::with_defaults;
pub use options::{fit_options, suit};

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;

use lgi::Error;
use lgi::backend::select;
use lgi::strategy::RunCheckpoint;

use self::arguments::RecordArguments;
use self::checkpoints::Checkpoints;
use self::job::Session;
use self::metrics_csv::MetricsCsv;
use self::reading::read_ahead;
use super::device::{on_threads, parse_device, use_threads};
use super::failure::{Failure, Result};
use super::paths::{Job, Place};
use super::report::Reporter;
use super::report_csv::ReportCsv;
use super::{interrupt, output, paths};

/// Extension of what is written where nothing else is asked for.
const EXTENSION: &str = "lgi";

/// Encodes all inputs.
///
/// # Errors
/// [`Failure`], after having gone on with the other inputs where there are several.
pub fn run(arguments: &EncodeArguments) -> Result<()> {
    let jobs = plan(arguments)?;
    let resumed = arguments.records.resume.as_deref().map(RunCheckpoint::read).transpose()?;
    let options = options::fit_options(arguments, resumed.as_ref().map(|from| &from.options))?;
    arguments.limits.check_gaussians(options.fit.gaussians)?;
    arguments.coded.check()?;
    let device = parse_device(&arguments.main.device)?;
    use_threads(arguments.main.threads)?;

    interrupt::listen()?;
    paths::make_output_directory(arguments.files.output.as_deref())?;
    let checkpoints = Checkpoints::new(&arguments.records)?;
    let metrics = match &arguments.records.metrics_csv {
        Some(path) => Some(MetricsCsv::create(&Place::of(path), arguments.files.force)?),
        None => None,
    };
    let table = match &arguments.records.csv {
        Some(path) => Some(ReportCsv::create(&Place::of(path), arguments.files.force)?),
        None => None,
    };
    let backend = select::open(&device)?;
    let mut session = Session { arguments, options, resumed, backend, checkpoints, metrics };
    let mut reporter = Reporter::new(arguments.report).with_table(table);
    encode_all(&mut session, &jobs, &mut reporter)
}

/// Reads, encodes and finishes: three pictures at once at most, each on a thread of its own.
fn encode_all(session: &mut Session<'_>, jobs: &[Job], reporter: &mut Reporter) -> Result<()> {
    // Without a buffer: the thread holds the one picture that is behind.
    let (sender, receiver) = sync_channel(0);
    let finish = move || finishing::finish_all(&receiver, reporter, jobs.len());
    thread::scope(|scope| {
        let finishing = thread::Builder::new().name("finishing".into()).spawn_scoped(scope, finish);
        let finishing = finishing.map_err(|source| Error::io("start a thread", source))?;
        for (job, read) in read_ahead(jobs, session.arguments) {
            let (encoded, drawing) = match on_threads(|| job::encode(session, job, read)) {
                Ok((encoded, drawing)) => (Ok(encoded), Some(drawing)),
                Err(failure) => (Err(failure), None),
            };
            let is_last = match &encoded {
                Ok(encoded) => encoded.interrupted,
                Err(failure) => !matches!(failure, Failure::Failed(_)),
            };
            if sender.send(encoded).is_err() {
                // Finishing has ended: there is nobody to report to, for one.
                break;
            }
            if let Some(drawing) = drawing {
                drawing.draw(session.backend.as_mut());
            }
            if is_last {
                break;
            }
        }
        drop(sender);
        finishing.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

/// Inputs and outputs, and whether they go together with the other options.
fn plan(arguments: &EncodeArguments) -> Result<Vec<Job>> {
    let files = &arguments.files;
    let inputs: Vec<PathBuf> = files.inputs.iter().chain(&files.input).cloned().collect();
    let jobs = paths::plan(&inputs, files.output.as_deref(), EXTENSION)?;
    if arguments.records.resume.is_some() && jobs.len() > 1 {
        return Err(Failure::usage("--resume goes on with one picture; give one input"));
    }
    check_stdout(arguments, &jobs)?;
    check_tables(arguments)?;
    let mut stems = HashSet::new();
    let twice = jobs.iter().map(|job| job.input.stem()).find(|stem| !stems.insert(stem.clone()));
    match twice.filter(|_| arguments.records.checkpoint_dir.is_some()) {
        Some(stem) => Err(Failure::usage(format!(
            "two inputs are called {stem:?} and would share their checkpoints; encode them one \
             by one"
        ))),
        None => Ok(jobs),
    }
}

/// The tables that can be asked for, and where they go.
fn tables(arguments: &EncodeArguments) -> [(&'static str, Option<&Path>); 2] {
    let RecordArguments { csv, metrics_csv, .. } = &arguments.records;
    [("--csv", csv.as_deref()), ("--metrics-csv", metrics_csv.as_deref())]
}

/// A file takes one table.
fn check_tables(arguments: &EncodeArguments) -> Result<()> {
    let [(one, first), (other, second)] = tables(arguments);
    match first.filter(|_| first == second) {
        Some(path) => Err(Failure::usage(format!(
            "{one} and {other} cannot share a file: {}",
            path.display()
        ))),
        None => Ok(()),
    }
}

/// Standard output takes one thing: the file, the reports, or a table.
fn check_stdout(arguments: &EncodeArguments, jobs: &[Job]) -> Result<()> {
    let mut takers = Vec::new();
    for job in jobs.iter().filter(|job| job.output == Place::Standard) {
        output::check_not_terminal(&job.output)?;
        takers.push("the output");
    }
    if arguments.report.json {
        takers.push("--json");
    }
    for (option, path) in tables(arguments) {
        if path.is_some_and(|path| Place::of(path) == Place::Standard) {
            takers.push(option);
        }
    }
    match takers.as_slice() {
        [first, second, ..] => Err(Failure::usage(format!(
            "standard output cannot take both {first} and {second}; name a file for one of them"
        ))),
        _ => Ok(()),
    }
}
