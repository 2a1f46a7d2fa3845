//! One rise and one long fall.

use super::{SCHEDULE, half_cosine};
use crate::optim::part::{Build, Part, Setting};

/// The 1cycle policy, both legs half cosines: `peak * start` up to `peak`, down to `peak * end`.
pub const PART: Part = Part {
    name: "one-cycle",
    help: "up to a peak early in the run, then down to next to nothing",
    source: "Smith and Topin 2018, arXiv:1708.07120",
    settings: &[PEAK, RISE, START, END],
    build: Build::Schedule(|numbers, clock| {
        let [peak, rise, start, end] = [numbers[0], numbers[1], numbers[2], numbers[3]];
        let progress = clock.progress();
        if progress < rise {
            half_cosine(progress / rise, peak * start, peak)
        } else {
            half_cosine((progress - rise) / (1.0 - rise), peak, peak * end)
        }
    }),
    ..SCHEDULE
};

const PEAK: Setting = Setting::new("peak", "highest value", 1.0, [f64::MIN, f64::MAX]);

const RISE: Setting = Setting::decay("rise", "part of the run that goes up", 0.3);

const START: Setting = Setting::new("start", "share of the peak at the start", 0.04, [0.0, 1.0]);

const END: Setting = Setting::new("end", "share of the peak at the end", 4e-6, [0.0, 1.0]);
