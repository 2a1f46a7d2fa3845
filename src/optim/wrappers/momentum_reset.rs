//! Moments that are forgotten now and then.

use super::{WRAPPER, Wrapper};
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Needs, Part, Setting};
use crate::optim::{Chain, Clock, Transform};

/// Forgets what the chain remembers once in `every` iterations.
pub const PART: Part = Part {
    name: "momentum-reset",
    help: "forgets the rule's memory at fixed intervals",
    source: "O'Donoghue and Candes 2015, arXiv:1204.3982",
    settings: &[Setting::iterations("every", "iterations between resets", 50.0)],
    needs: Needs::NONE,
    build: Build::Wrapper(|numbers| Box::new(MomentumReset { numbers: numbers.clone() })),
    ..WRAPPER
};

/// See [`PART`].
struct MomentumReset {
    numbers: Numbers,
}

impl Wrapper for MomentumReset {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn before(&mut self, chain: &mut Chain, clock: &Clock<'_>) {
        if clock.iteration > 0 && clock.is_multiple_of(self.numbers.count(0)) {
            chain.reset();
        }
    }
}
