//! `lgi man`: manual pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use lgi::{Error, atomic_file};

use super::failure::{Failure, Result};
use super::{output, paths};

const EXAMPLES: &str = "\
Examples:
  lgi man | man -l -
  lgi man encode | man -l -
  lgi man --dir /usr/local/share/man/man1";

/// Write manual pages in roff
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ManualArguments {
    /// The command to describe; without it, lgi itself
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    verb: Option<String>,

    /// Write all pages into this directory, replacing older ones; it is made where missing
    #[arg(long, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

/// Writes one page to standard output, or all into a directory.
///
/// # Errors
/// [`Failure::Usage`] if there is no such command; [`Failure::Failed`] if writing fails.
pub fn run(arguments: &ManualArguments, mut command: Command) -> Result<()> {
    command.build();
    if let Some(directory) = &arguments.dir {
        return write_all(directory, &command);
    }
    let described = match &arguments.verb {
        None => &command,
        Some(verb) => command.find_subcommand(verb).ok_or_else(|| {
            Failure::usage(format!("no command {verb:?}; `lgi --help` lists what there is"))
        })?,
    };
    output::to_stdout(&page(described)?)
}

fn write_all(directory: &Path, command: &Command) -> Result<()> {
    std::fs::create_dir_all(directory).map_err(|error| Error::io("create", error).at(directory))?;
    for described in std::iter::once(command).chain(command.get_subcommands()) {
        let path = directory.join(format!("{}.1", name(described)));
        atomic_file::write(&path, &page(described)?, true)?;
    }
    Ok(())
}

/// `lgi`, `lgi-encode`, ...
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(command.clone());
    manual.render(&mut page).map_err(|error| Error::io("write", error))?;
    Ok(page)
}
