//! Steps down at fixed intervals.

use super::{FROM, SCHEDULE};
use crate::optim::part::{Build, Part, Setting};

/// Steps down at fixed intervals.
pub const PART: Part = Part {
    name: "step",
    help: "multiplied by decay after each period",
    source: "-",
    settings: &[FROM, DECAY, PERIOD],
    build: Build::Schedule(|numbers, clock| {
        numbers[0] * numbers[1].powf((clock.iteration / numbers[2] as u64) as f64)
    }),
    ..SCHEDULE
};

const DECAY: Setting = Setting::new("decay", "factor at each step", 0.5, [0.0, 1.0]);

const PERIOD: Setting = Setting::iterations("period", "iterations between steps", 100.0);
