//! Fast steps, and slow ones towards where they lead.

use serde::{Deserialize, Serialize};

use super::{After, WRAPPER, Wrapper, mix};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{RowMap, saved};

/// Every `every` steps the slow parameters go `share` of the way to the fast ones, which go on
/// from there (algorithm 1).
pub const PART: Part = Part {
    name: "lookahead",
    help: "every few steps, only part of the way that they have led",
    source: "Zhang et al. 2019, arXiv:1907.08610",
    settings: &[
        Setting::iterations("every", "fast steps for a slow one", 6.0),
        Setting::new("share", "share of the way that the slow step goes", 0.5, [0.0, 1.0]),
    ],
    build: Build::Wrapper(|numbers| {
        Box::new(Lookahead { numbers: numbers.clone(), state: State::default() })
    }),
    ..WRAPPER
};

/// See [`PART`].
struct Lookahead {
    numbers: Numbers,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    steps: u64,
    slow: Option<Gaussians>,
}

impl Wrapper for Lookahead {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn after(&mut self, gaussians: &mut Gaussians, after: &After<'_>) -> bool {
        let State { steps, slow } = &mut self.state;
        *steps += 1;
        // The slow parameters start where the first step led.
        let slow = slow.get_or_insert_with(|| gaussians.clone());
        if !steps.is_multiple_of(self.numbers.count(0)) {
            return false;
        }
        mix::towards(slow, gaussians, self.numbers.get(1, &after.clock) as f32);
        gaussians.clone_from(slow);
        true
    }

    fn remap(&mut self, rows: &RowMap, gaussians: &Gaussians) {
        if let Some(slow) = &mut self.state.slow {
            mix::remap(slow, rows, gaussians);
        }
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
