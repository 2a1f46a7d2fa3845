//! One step for the gradients of several iterations.

use serde::{Deserialize, Serialize};

use super::TRANSFORM;
use crate::error::Result;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{Flow, Groups, RowMap, Step, Transform, saved};

/// Takes in gradients and lets their mean through once in `every` iterations. The Gaussians stay
/// where they are in between.
pub const PART: Part = Part {
    name: "accumulate",
    help: "steps once for the mean gradient of several iterations",
    source: "Ott et al. 2018, arXiv:1806.00187",
    settings: &[Setting::iterations("every", "iterations for one step", 4.0)],
    build: Build::Links(|numbers| {
        vec![Box::new(Accumulate { every: numbers.count(0), state: State::default() })]
    }),
    ..TRANSFORM
};

/// See [`PART`].
struct Accumulate {
    every: u64,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    taken: u64,
    sum: Groups,
}

impl Transform for Accumulate {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn update(&mut self, updates: &mut Groups, _step: &Step<'_>) -> Result<Flow> {
        let State { taken, sum } = &mut self.state;
        sum.resize_like(updates);
        sum.add_scaled(1.0, updates);
        *taken += 1;
        if *taken < self.every {
            return Ok(Flow::Hold);
        }
        updates.clone_from(sum);
        updates.scale(1.0 / *taken as f64);
        self.reset();
        Ok(Flow::On)
    }

    fn remap(&mut self, rows: &RowMap) {
        self.state.sum.remap(rows);
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
