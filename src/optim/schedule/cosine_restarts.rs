//! Cosine annealing with warm restarts.

use super::{FROM, SCHEDULE, TO, half_cosine};
use crate::optim::part::{Build, Part, Setting};

/// SGDR: half a cosine over each period, each period longer than the last by `growth`.
pub const PART: Part = Part {
    name: "cosine-restarts",
    help: "half a cosine over each period, then again from the top",
    source: "Loshchilov and Hutter 2017, arXiv:1608.03983",
    settings: &[FROM, TO, PERIOD, GROWTH],
    build: Build::Schedule(|numbers, clock| {
        let [from, to, first, growth] = [numbers[0], numbers[1], numbers[2], numbers[3]];
        let (mut start, mut period) = (0.0, first.round());
        let iteration = clock.iteration as f64;
        if growth > 1.0 {
            while iteration >= start + period {
                start += period;
                period *= growth;
            }
        } else {
            start = (iteration / period).floor() * period;
        }
        half_cosine((iteration - start) / period, from, to)
    }),
    ..SCHEDULE
};

const PERIOD: Setting = Setting::iterations("period", "iterations up to the first restart", 100.0);

const GROWTH: Setting =
    Setting::new("growth", "factor on the period at each restart", 1.0, [1.0, 1e6]);
