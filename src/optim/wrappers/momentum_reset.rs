//! Moments that are forgotten now and then.

use serde::{Deserialize, Serialize};

use super::{WRAPPER, Wrapper};
use crate::error::Result;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Needs, Part, Setting};
use crate::optim::{Chain, Clock, Transform, saved};

/// Forgets what the chain remembers once in `every` iterations.
pub const PART: Part = Part {
    name: "momentum-reset",
    help: "forgets the rule's memory at fixed intervals",
    source: "O'Donoghue and Candes 2015, arXiv:1204.3982",
    settings: &[Setting::iterations("every", "iterations between resets", 50.0)],
    needs: Needs::NONE,
    build: Build::Wrapper(|numbers| {
        Box::new(MomentumReset { numbers: numbers.clone(), state: State::default() })
    }),
    ..WRAPPER
};

/// See [`PART`].
struct MomentumReset {
    numbers: Numbers,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Intervals that are over. Steps on parts of a picture are several to an iteration.
    intervals: u64,
}

impl Wrapper for MomentumReset {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn before(&mut self, chain: &mut Chain, clock: &Clock<'_>) {
        let intervals = clock.iteration / self.numbers.count(0).max(1);
        if intervals > self.state.intervals {
            chain.reset();
        }
        self.state.intervals = intervals;
    }

    fn reset(&mut self) {
        self.state = State::default();
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(PART.name, state)?;
        Ok(())
    }
}
