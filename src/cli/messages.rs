//! Standard error: messages for people. Nothing here can fail.

use std::fmt::Display;
use std::io::Write;
use std::sync::LazyLock;

use indicatif::{MultiProgress, ProgressBar};

/// The bars that are on the terminal, if it is one.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// A bar of `length` steps, which makes way for messages.
pub fn bar(length: u64) -> ProgressBar {
    BARS.add(ProgressBar::new(length))
}

/// Writes to a terminal that may have bars on it.
pub fn beside_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

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
    beside_bars(|| {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    });
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
