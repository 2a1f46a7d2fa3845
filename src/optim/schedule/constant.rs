//! The same at all times.

use super::{FROM, SCHEDULE};
use crate::optim::part::{Build, Part};

/// The same at all times.
pub const PART: Part = Part {
    name: "constant",
    help: "the same at all times",
    source: "-",
    settings: &[FROM],
    build: Build::Schedule(|numbers, _| numbers[0]),
    ..SCHEDULE
};
