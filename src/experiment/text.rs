//! TOML to types, with errors that name the key.

use serde::de::DeserializeOwned;
use toml::Table;

use crate::error::{Error, Result};

/// A table of keys and values.
///
/// # Errors
/// [`Error::Malformed`] with the line if the text is not TOML.
pub(super) fn parse(text: &str) -> Result<Table> {
    text.parse::<Table>().map_err(|error| {
        let end = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::Malformed {
            what: "experiment",
            message: format!("line {line}: {}", error.message()),
        }
    })
}

/// A value of type `T` from its table.
///
/// # Errors
/// [`Error::Invalid`] naming the key.
pub(super) fn from_table<T: DeserializeOwned>(table: Table) -> Result<T> {
    T::deserialize(table).map_err(|error: toml::de::Error| {
        Error::Invalid(error.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
    })
}

/// Says where an error is.
pub(super) fn within(place: &str, error: Error) -> Error {
    match error {
        Error::Invalid(message) => Error::Invalid(format!("{place}: {message}")),
        other => other,
    }
}
