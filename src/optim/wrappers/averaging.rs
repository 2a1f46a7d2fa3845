//! Means over the states of a run, drawn at its end.

use serde::{Deserialize, Serialize};

use super::{After, WRAPPER, Wrapper, mix};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{RowMap, saved};

/// A running mean that forgets: the last state of the run is the mean, and the result if it is the
/// best.
pub const EXPONENTIAL: Part = Part {
    name: "ema",
    help: "ends with a running mean of the parameters",
    source: "Polyak and Juditsky 1992",
    settings: &[Setting::decay("decay", "share of the past that is kept", 0.9)],
    build: Build::Wrapper(|numbers| {
        averaging(numbers, |_, numbers, after| Some(1.0 - numbers.get(0, &after.clock)))
    }),
    ..WRAPPER
};

/// Stochastic weight averaging: the plain mean over states at fixed intervals late in the run.
pub const STOCHASTIC: Part = Part {
    name: "swa",
    help: "ends with the mean of states late in the run",
    source: "Izmailov et al. 2018, arXiv:1803.05407",
    settings: &[
        Setting::new("start", "part of the run before the first state", 0.75, [0.0, 1.0]),
        Setting::iterations("every", "iterations from state to state", 1.0),
    ],
    build: Build::Wrapper(|numbers| {
        averaging(numbers, |taken, numbers, after| {
            let starts = after.clock.progress() >= numbers.get(0, &after.clock);
            let due = starts && after.clock.is_multiple_of(numbers.count(1));
            due.then(|| 1.0 / (taken + 1) as f64)
        })
    }),
    ..WRAPPER
};

/// The weight that the present state gets in the mean, after so many; `None` to leave it out.
type Weight = fn(u64, &Numbers, &After<'_>) -> Option<f64>;

/// See [`EXPONENTIAL`] and [`STOCHASTIC`].
struct Averaging {
    numbers: Numbers,
    weight: Weight,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    taken: u64,
    mean: Option<Gaussians>,
}

fn averaging(numbers: &Numbers, weight: Weight) -> Box<dyn Wrapper> {
    Box::new(Averaging { numbers: numbers.clone(), weight, state: State::default() })
}

impl Wrapper for Averaging {
    fn name(&self) -> &'static str {
        self.numbers.part().name
    }

    fn after(&mut self, gaussians: &mut Gaussians, after: &After<'_>) -> bool {
        let State { taken, mean } = &mut self.state;
        if let Some(weight) = (self.weight)(*taken, &self.numbers, after) {
            match mean {
                Some(mean) => mix::towards(mean, gaussians, weight as f32),
                None => *mean = Some(gaussians.clone()),
            }
            *taken += 1;
        }
        match mean {
            Some(mean) if after.is_last() => gaussians.clone_from(mean),
            _ => return false,
        }
        true
    }

    fn remap(&mut self, rows: &RowMap, gaussians: &Gaussians) {
        if let Some(mean) = &mut self.state.mean {
            mix::remap(mean, rows, gaussians);
        }
    }

    fn reset(&mut self) {
        self.state = State::default();
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(self.name(), state)?;
        Ok(())
    }
}
