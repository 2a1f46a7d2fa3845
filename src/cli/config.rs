//! `--config`: long options as a TOML file.
//!
//! Every key becomes an argument and goes through the same parser, so that a file knows what the
//! command line knows and no more.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{ArgAction, Command};
use lgi::read_bounded;
use toml::{Table, Value};

use super::failure::{Failure, Result};

/// Most bytes of a file of options.
const MAX_BYTES: u64 = 1 << 20;

/// The verb whose options are read.
const VERB: &str = "encode";

/// Options that only make sense for one run, or say where things are.
const NOT_IN_A_FILE: [&str; 3] = ["config", "input", "help"];

/// The file's options as arguments.
///
/// # Errors
/// [`Failure::Failed`] if the file cannot be read; [`Failure::Usage`] if it is not TOML, a key is
/// not an option, or a value is out of its domain. All name the path.
pub fn arguments(path: &Path, command: &Command) -> Result<Vec<OsString>> {
    let encode = command.find_subcommand(VERB).cloned().unwrap_or_default();
    let bytes = read_bounded::from_path(path, MAX_BYTES).map_err(|error| error.at(path))?;
    let wrong = |message: String| Failure::usage(format!("{message}: {}", path.display()));
    let text = String::from_utf8(bytes).map_err(|_| wrong("the file is not UTF-8 text".into()))?;
    let table: Table = text.parse().map_err(|error| wrong(not_toml(&error, &text)))?;
    let mut arguments = Vec::new();
    for (key, value) in &table {
        if let Some(argument) = argument(key, value, &encode).map_err(wrong)? {
            // One by one, so that a message is about one key.
            check(&argument, &encode).map_err(wrong)?;
            arguments.push(argument.into());
        }
    }
    Ok(arguments)
}

fn argument(key: &str, value: &Value, encode: &Command) -> Result<Option<String>, String> {
    let option = encode
        .get_arguments()
        .find(|option| option.get_long() == Some(key) && !NOT_IN_A_FILE.contains(&key));
    let Some(option) = option else {
        return Err(format!(
            "unknown key {key:?}; keys are the long options of `lgi {VERB}`, such as {}",
            nearest(key, encode).join(", ")
        ));
    };
    let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
    match (is_flag, value) {
        (true, Value::Boolean(true)) => Ok(Some(format!("--{key}"))),
        (true, Value::Boolean(false)) => Ok(None),
        (true, _) => Err(format!("the value of {key:?} must be true or false")),
        (false, value) => Ok(Some(format!("--{key}={}", plain(key, value)?))),
    }
}

/// A value as it would be written on the command line.
fn plain(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        // `loss = { l1 = 0.2, l2 = 0.8 }` for `--loss l1=0.2,l2=0.8`.
        Value::Table(table) => {
            let parts = table.iter().map(|(name, value)| assignments(name, value));
            Ok(parts.collect::<Result<Vec<_>, String>>()?.join(","))
        }
        Value::Boolean(_) | Value::Array(_) | Value::Datetime(_) => {
            Err(format!("the value of {key:?} must be a number or a string"))
        }
    }
}

/// `name=value`; of a table inside, `name.inner=value` for each.
fn assignments(name: &str, value: &Value) -> Result<String, String> {
    let Value::Table(table) = value else {
        return Ok(format!("{name}={}", plain(name, value)?));
    };
    let inner = table.iter().map(|(inner, value)| assignments(&format!("{name}.{inner}"), value));
    Ok(inner.collect::<Result<Vec<_>, String>>()?.join(","))
}

/// Parses one argument as if it stood alone.
fn check(argument: &str, encode: &Command) -> Result<(), String> {
    let alone = encode.clone().no_binary_name(true);
    match alone.try_get_matches_from([argument, "-"]) {
        Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
            Err(first_line(&error.to_string()))
        }
        // What it needs beside itself is elsewhere.
        _ => Ok(()),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn not_toml(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count());
    format!("line {}: {}", line.max(1), error.message().lines().collect::<Vec<_>>().join("; "))
}

/// The three option names that begin most like `key`.
fn nearest(key: &str, encode: &Command) -> Vec<String> {
    let mut names: Vec<&str> = encode
        .get_arguments()
        .filter_map(|option| option.get_long())
        .filter(|name| !NOT_IN_A_FILE.contains(name))
        .collect();
    let common = |name: &str| name.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
    names.sort_by_key(|name| std::cmp::Reverse(common(name)));
    names.iter().take(3).map(|name| (*name).to_owned()).collect()
}
