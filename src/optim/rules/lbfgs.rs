//! L-BFGS: second-order steps from a short memory of steps and gradients.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::optim::part::{Build, Needs, Part, Setting};
use crate::optim::{CurvaturePair, Flow, Groups, QuasiNewton, RowMap, Step, Transform, saved};

/// See [`Lbfgs`].
pub const PART: Part = Part {
    name: "lbfgs",
    help: "L-BFGS from the Gauss-Newton blocks, with a line search",
    source: "Nocedal 1980",
    settings: &[MEMORY],
    needs: Needs { blocks: true, line_search: true, ..Needs::NONE },
    build: Build::Links(|numbers| vec![Box::new(Lbfgs::new(numbers.count(0) as usize))]),
    ..Part::EMPTY
};

const MEMORY: Setting =
    Setting::new("memory", "number of steps that are remembered", 8.0, [0.0, 1e6]);

/// Share of the Gauss-Newton step that is tried first, with nothing known about how the
/// Gaussians work against each other.
const FIRST_SCALE: f64 = 0.15;

/// Bounds of the scale of the initial matrix.
const SCALES: [f64; 2] = [0.01, 2.0];

/// Least curvature along a step that is believed, relative to the initial matrix.
const LEAST_CURVATURE: f64 = 1e-6;

/// Directions by limited-memory BFGS (Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4).
///
/// The initial matrix is the inverse of [`crate::optim::GaussNewton`], afresh at every iteration,
/// times `s.y / y.P y` of the newest pair; where a step has no blocks, the identity. The direction is
/// a whole step: a line search shortens it, and says through [`Transform::stepped`] which step
/// was made in the end.
#[derive(Debug)]
pub struct Lbfgs {
    memory: usize,
    state: State,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    pairs: VecDeque<CurvaturePair>,
    /// Gradient of the last update and the step made from there.
    gradient: Groups,
    step: Option<Groups>,
    /// Scale of the initial matrix.
    scale: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { pairs: VecDeque::new(), gradient: Groups::default(), step: None, scale: FIRST_SCALE }
    }
}

impl Lbfgs {
    /// L-BFGS that remembers the last `memory` steps.
    pub fn new(memory: usize) -> Self {
        Self { memory, state: State::default() }
    }

    /// Takes in the pair that the last step and the new gradient make.
    fn learn(&mut self, gradient: &Groups, step: &Step<'_>) {
        let state = &mut self.state;
        let Some(made) = state.step.take() else { return };
        // The oldest pair's memory is used again. A fit may have been gone on with a shorter one.
        let mut recycled = None;
        while !state.pairs.is_empty() && state.pairs.len() >= self.memory {
            recycled = state.pairs.pop_front();
        }
        let mut pair = recycled.unwrap_or_default();
        pair.step = made;
        pair.change.clone_from(gradient);
        pair.change.add_scaled(-1.0, &state.gradient);
        pair.curvature = pair.step.dot(&pair.change);
        let mut solved = pair.change.clone();
        precondition(&mut solved, step);
        let size = pair.change.dot(&solved);
        if pair.curvature > LEAST_CURVATURE * size && size > 0.0 {
            state.scale = (pair.curvature / size).clamp(SCALES[0], SCALES[1]);
            if self.memory > 0 {
                state.pairs.push_back(pair);
            }
        }
    }

    /// The two loops: from the gradient to the step.
    fn direct(&self, updates: &mut Groups, step: &Step<'_>) {
        let mut factors = Vec::with_capacity(self.state.pairs.len());
        for pair in self.state.pairs.iter().rev() {
            let factor = pair.step.dot(updates) / pair.curvature;
            updates.add_scaled(-factor, &pair.change);
            factors.push(factor);
        }
        precondition(updates, step);
        updates.scale(self.state.scale);
        for (pair, factor) in self.state.pairs.iter().zip(factors.iter().rev()) {
            let back = pair.change.dot(updates) / pair.curvature;
            updates.add_scaled(factor - back, &pair.step);
        }
        updates.scale(-1.0);
    }
}

fn precondition(updates: &mut Groups, step: &Step<'_>) {
    if let Some(blocks) = step.blocks {
        blocks.solve(updates);
    }
}

impl Transform for Lbfgs {
    fn name(&self) -> &'static str {
        "lbfgs"
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        self.learn(updates, step);
        self.state.gradient.clone_from(updates);
        self.direct(updates, step);
        if updates.dot(&self.state.gradient) >= 0.0 {
            // The memory misleads: down the preconditioned gradient instead.
            self.state.pairs.clear();
            updates.clone_from(&self.state.gradient);
            self.direct(updates, step);
        }
        Ok(Flow::On)
    }

    fn quasi_newton(&self) -> Option<QuasiNewton> {
        let State { pairs, scale, .. } = &self.state;
        // A fit may have been gone on with a shorter memory.
        let forgotten = pairs.len().saturating_sub(self.memory);
        Some(QuasiNewton {
            memory: self.memory,
            scales: SCALES,
            least_curvature: LEAST_CURVATURE,
            scale: *scale,
            pairs: pairs.iter().skip(forgotten).cloned().collect(),
        })
    }

    fn take_up(&mut self, gradient: &Groups, quasi_newton: QuasiNewton) {
        let QuasiNewton { pairs, scale, .. } = quasi_newton;
        self.state = State { pairs: pairs.into(), gradient: gradient.clone(), step: None, scale };
    }

    fn stepped(&mut self, step: &Groups) {
        self.state.step = Some(step.clone());
    }

    fn remap(&mut self, rows: &RowMap) {
        let state = &mut self.state;
        // The gradient at the old Gaussians says nothing about the new ones.
        state.step = None;
        for pair in &mut state.pairs {
            pair.step.remap(rows);
            pair.change.remap(rows);
            pair.curvature = pair.step.dot(&pair.change);
        }
        state.pairs.retain(|pair| pair.curvature > 0.0);
    }

    fn reset(&mut self) {
        self.state = State::default();
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore("lbfgs", state)?;
        Ok(())
    }
}
