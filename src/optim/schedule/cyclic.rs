//! Up and down between two bounds.

use super::SCHEDULE;
use crate::optim::part::{Build, Part, Setting};

/// The triangular policy: from `low` to `high` in half a period, and back.
pub const PART: Part = Part {
    name: "cyclic",
    help: "straight up and down between two bounds",
    source: "Smith 2017, arXiv:1506.01186",
    settings: &[LOW, HIGH, PERIOD],
    build: Build::Schedule(|numbers, clock| {
        let [low, high, period] = [numbers[0], numbers[1], numbers[2]];
        let phase = (clock.iteration as f64 / period).fract();
        low + (high - low) * (1.0 - (2.0 * phase - 1.0).abs())
    }),
    ..SCHEDULE
};

const LOW: Setting = Setting::new("low", "lower bound", 0.1, [f64::MIN, f64::MAX]);

const HIGH: Setting = Setting::new("high", "upper bound", 1.0, [f64::MIN, f64::MAX]);

const PERIOD: Setting = Setting::iterations("period", "iterations up and down", 50.0);
