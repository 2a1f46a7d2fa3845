//! The same ratio from each iteration to the next.

use super::SCHEDULE;
use crate::optim::part::{Build, Part, Setting};

/// The same ratio from each iteration to the next.
pub const PART: Part = Part {
    name: "exponential",
    help: "a constant ratio from each iteration to the next",
    source: "-",
    settings: &[POSITIVE_FROM, POSITIVE_TO],
    build: Build::Schedule(|numbers, clock| {
        let [from, to] = [numbers[0], numbers[1]];
        from * (to / from).powf(clock.progress())
    }),
    ..SCHEDULE
};

/// A ratio needs a number above zero.
const POSITIVE_FROM: Setting =
    Setting::new("from", "value at the start", 1.0, [f64::MIN_POSITIVE, f64::MAX]);

const POSITIVE_TO: Setting = Setting::new("to", "value at the end", 0.01, [0.0, f64::MAX]);
