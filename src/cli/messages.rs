//! Standard error: messages for people. Nothing here can fail.

use std::fmt::Display;
use std::io::Write;

/// Says what went wrong, on one line.
pub fn error(message: impl Display) {
    line(&format!("error: {}", one_line(&message.to_string())));
}

/// Says something worth knowing that is no failure, on one line.
pub fn warning(message: impl Display) {
    line(&format!("warning: {}", one_line(&message.to_string())));
}

/// Writes one line. A standard error that is closed or full is no reason to stop.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
