//! Levenberg-Marquardt without the matrix, also called Hessian-free optimisation.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::optim::conjugate_gradients::{self, Damped};
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Needs, Part, Setting};
use crate::optim::{Flow, Groups, RowMap, Step, Transform, saved};

/// See [`LevenbergMarquardt`].
pub const PART: Part = Part {
    name: "levenberg-marquardt",
    help: "whole damped Gauss-Newton steps by conjugate gradients (Hessian-free), line search",
    source: "Levenberg 1944; Marquardt 1963; Martens 2010",
    settings: &[
        Setting::new("damping", "first weight of the blocks", 0.3, [1e-9, 1e9]),
        Setting::iterations("iterations", "conjugate-gradient steps, a pass each", 5.0),
        Setting::amount("tolerance", "residual at which they end early, relative", 0.05),
    ],
    needs: Needs { blocks: true, products: true, line_search: true, ..Needs::NONE },
    build: Build::Links(|numbers| vec![Box::new(LevenbergMarquardt::new(numbers))]),
    ..Part::EMPTY
};

/// What the damping is multiplied by where the model foretells well, and divided by where not.
const EASE: f64 = 2.0 / 3.0;

/// Bounds of the damping.
const DAMPINGS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;

/// Steps that solve `(J^T J + damping B) s = -g`, with `B` the Gauss-Newton block of every
/// Gaussian as Marquardt's scaling.
///
/// The damping follows the ratio of the fall of the loss to what the model foretold (Martens 2010,
/// section 4.1): down above 3/4, up below 1/4, and up where a line search failed.
#[derive(Debug)]
pub struct LevenbergMarquardt {
    numbers: Numbers,
    state: Option<State>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    damping: f64,
    /// Fall of the loss that the last step promised.
    promised: f64,
    loss: f64,
    /// Whether the step was made as it was.
    made: bool,
}

impl LevenbergMarquardt {
    fn new(numbers: &Numbers) -> Self {
        Self { numbers: numbers.clone(), state: None }
    }

    /// The damping after what the last step gave.
    fn damping(&self, loss: f64, usual: f64) -> f64 {
        let Some(state) = &self.state else { return usual };
        let ratio = (state.loss - loss) / state.promised;
        let factor = match ratio {
            _ if !state.made || ratio < 0.25 => 1.0 / EASE,
            _ if ratio > 0.75 => EASE,
            _ => 1.0,
        };
        (state.damping * factor).clamp(*DAMPINGS.start(), *DAMPINGS.end())
    }
}

impl Transform for LevenbergMarquardt {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        let (Some(products), Some(blocks)) = (step.products, step.blocks) else {
            updates.scale(-1.0);
            return Ok(Flow::On);
        };
        let loss = step.clock.losses.last().copied().unwrap_or(0.0);
        let damping = self.damping(loss, self.numbers.get(0, &step.clock));
        let matrix = Damped { products, blocks, damping };
        let tolerance = self.numbers.get(2, &step.clock);
        let gradient = updates.clone();
        let iterations = self.numbers.count(1);
        *updates = conjugate_gradients::solve(&matrix, &gradient, iterations, tolerance)?;
        updates.scale(-1.0);
        // The model at the solution: half of g.s, and what conjugate gradients have left.
        let promised = 0.5 * gradient.dot(updates).abs();
        self.state = Some(State { damping, promised, loss, made: false });
        Ok(Flow::On)
    }

    fn stepped(&mut self, _step: &Groups) {
        if let Some(state) = &mut self.state {
            state.made = true;
        }
    }

    fn remap(&mut self, _rows: &RowMap) {
        // The fall of the loss would be that of other Gaussians.
        if let Some(state) = &mut self.state {
            (state.promised, state.made) = (f64::INFINITY, true);
        }
    }

    /// The damping is no memory of the past: it goes up, since only a failure asks for this.
    fn reset(&mut self) {
        if let Some(state) = &mut self.state {
            state.made = false;
        }
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(PART.name, state)?;
        Ok(())
    }
}
