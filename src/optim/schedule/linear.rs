//! A straight line over the whole run.

use super::{FROM, SCHEDULE, TO};
use crate::optim::part::{Build, Part};

/// A straight line over the whole run.
pub const PART: Part = Part {
    name: "linear",
    help: "a straight line; with warmup=, the usual linear warm-up and decay",
    source: "Goyal et al. 2017, arXiv:1706.02677",
    settings: &[FROM, TO],
    build: Build::Schedule(|numbers, clock| {
        numbers[0] + (numbers[1] - numbers[0]) * clock.progress()
    }),
    ..SCHEDULE
};
