//! The classical decay of stochastic approximation.

use super::{FROM, SCHEDULE};
use crate::optim::part::{Build, Part};

/// The classical decay of stochastic approximation.
pub const PART: Part = Part {
    name: "inverse-sqrt",
    help: "1 / sqrt(t), t counted from 1",
    source: "Robbins and Monro 1951",
    settings: &[FROM],
    build: Build::Schedule(|numbers, clock| {
        numbers[0] * (1.0 / ((clock.iteration + 1) as f64).sqrt())
    }),
    ..SCHEDULE
};
