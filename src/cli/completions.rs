//! `lgi completions`: scripts for shells.

use clap::{Args, Command};
use clap_complete::Shell;

use super::failure::Result;
use super::output;

const EXAMPLES: &str = "\
Examples:
  lgi completions bash > ~/.local/share/bash-completion/completions/lgi
  lgi completions fish > ~/.config/fish/completions/lgi.fish";

/// Write a completion script for a shell to standard output
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Writes the script.
///
/// # Errors
/// As [`output::to_stdout`].
pub fn run(arguments: &CompletionsArguments, command: &mut Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "lgi", &mut script);
    output::to_stdout(&script)
}
