//! The command line: one file per verb. What it does, the library can do.

mod compare;
mod completions;
mod config;
mod decode;
mod device;
mod devices;
mod encode;
mod experiment;
mod failure;
mod info;
mod interrupt;
mod limits;
mod manual;
mod measure;
mod messages;
mod methods;
mod output;
mod paths;
mod picture_output;
mod progress;
mod report;
mod report_csv;
mod scene_file;
mod table;
mod tally;
mod tune;
mod values;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::failure::{Failure, Result};

const AFTER_HELP: &str = "\
Run `lgi COMMAND --help` for all options of a command, and examples.

Exit codes: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.
NO_COLOR in the environment turns colours off.";

/// Images as 2D Gaussians: encode, decode at any size, inspect, compare
#[derive(Debug, Parser)]
#[command(name = "lgi", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    // The others are small.
    Encode(Box<encode::EncodeArguments>),
    Decode(decode::DecodeArguments),
    Info(info::InfoArguments),
    Compare(compare::CompareArguments),
    Devices(devices::DevicesArguments),
    Methods(methods::MethodsArguments),
    Experiment(experiment::ExperimentArguments),
    Tune(Box<tune::TuneArguments>),
    Completions(completions::CompletionsArguments),
    Man(manual::ManualArguments),
}

/// Runs the command line and reports why it ended.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
    match parse(arguments).and_then(run) {
        Ok(()) => ExitCode::from(failure::SUCCESS),
        Err(End::Clap(error)) => show(&error),
        Err(End::Failure(failure)) => {
            if !failure.is_silent() {
                messages::error(&failure);
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The whole command, with the library's defaults in its help.
fn command() -> clap::Command {
    CommandLine::command()
        .mut_subcommand("encode", encode::with_defaults)
        .mut_subcommand("tune", |tune| tune::without_the_rest(encode::with_defaults(tune)))
}

enum End {
    /// Wrong usage, or help that was asked for.
    Clap(clap::Error),
    Failure(Failure),
}

fn parse(arguments: Vec<OsString>) -> Result<Verb, End> {
    let read = |arguments: &[OsString]| {
        let mut command = command();
        let matches = command.try_get_matches_from_mut(arguments).map_err(End::Clap)?;
        let line = CommandLine::from_arg_matches(&matches);
        line.map(|line| line.verb).map_err(|error| End::Clap(error.format(&mut command)))
    };
    let verb = read(&arguments)?;
    let encode = match &verb {
        Verb::Encode(encode) => encode.as_ref(),
        Verb::Tune(tune) => &tune.encode,
        _ => return Ok(verb),
    };
    let Some(path) = &encode.files.config else { return Ok(verb) };
    // Before the user's own arguments: the last of two wins.
    let before = config::arguments(path, &command()).map_err(End::Failure)?;
    let verb_end = arguments.len().min(2);
    let (verb, own) = arguments.split_at(verb_end);
    read(&[verb, &before, own].concat())
}

fn run(verb: Verb) -> Result<(), End> {
    let done = match verb {
        Verb::Encode(arguments) => encode::run(&arguments),
        Verb::Decode(arguments) => decode::run(&arguments),
        Verb::Info(arguments) => info::run(&arguments),
        Verb::Compare(arguments) => compare::run(&arguments),
        Verb::Devices(arguments) => devices::run(&arguments),
        Verb::Methods(arguments) => methods::run(&arguments),
        Verb::Experiment(arguments) => experiment::run(&arguments),
        Verb::Tune(arguments) => tune::run(&arguments),
        Verb::Completions(arguments) => completions::run(&arguments, &mut command()),
        Verb::Man(arguments) => manual::run(&arguments, command()),
    };
    done.map_err(End::Failure)
}

/// Help and usage errors as clap words them, to the stream that they belong to.
fn show(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let _ = error.print();
        return ExitCode::from(failure::USAGE);
    }
    match error.print() {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            messages::error(lgi::Error::io("write", source).at("standard output".as_ref()));
            ExitCode::from(failure::FAILED)
        }
        _ => ExitCode::from(failure::SUCCESS),
    }
}
