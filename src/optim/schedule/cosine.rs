//! Half a cosine over the whole run.

use super::{FROM, SCHEDULE, TO, half_cosine};
use crate::optim::part::{Build, Part};

/// Half a cosine over the whole run.
pub const PART: Part = Part {
    name: "cosine",
    help: "half a cosine over the whole run",
    source: "Loshchilov and Hutter 2017, arXiv:1608.03983",
    settings: &[FROM, TO],
    build: Build::Schedule(|numbers, clock| half_cosine(clock.progress(), numbers[0], numbers[1])),
    ..SCHEDULE
};
