//! The natural gradient with the whole metric.

use super::TRANSFORM;
use crate::error::Result;
use crate::optim::conjugate_gradients::{self, Damped};
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Needs, Part, Setting};
use crate::optim::{Flow, Groups, Step, Transform};

/// Solves `(J^T J + damping B) x = g` by conjugate gradients, `B` the blocks of `J^T J`.
pub const PART: Part = Part {
    name: "natural-cg",
    help: "the gradient times the inverse of J^T J with damping, by conjugate gradients",
    source: "Martens 2010; Amari 1998",
    settings: &[
        Setting::amount("damping", "weight of the blocks", 1.0),
        Setting::iterations("iterations", "conjugate-gradient steps, a pass each", 4.0),
        Setting::amount("tolerance", "residual at which they end early, relative", 0.05),
    ],
    needs: Needs { blocks: true, products: true, ..Needs::NONE },
    build: Build::Links(|numbers| vec![Box::new(NaturalCg { numbers: numbers.clone() })]),
    ..TRANSFORM
};

/// See [`PART`].
struct NaturalCg {
    numbers: Numbers,
}

impl Transform for NaturalCg {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        let (Some(products), Some(blocks)) = (step.products, step.blocks) else {
            return Ok(Flow::On);
        };
        let [damping, tolerance] = [0, 2].map(|index| self.numbers.get(index, &step.clock));
        let matrix = Damped { products, blocks, damping };
        let iterations = self.numbers.count(1);
        *updates = conjugate_gradients::solve(&matrix, updates, iterations, tolerance)?;
        Ok(Flow::On)
    }
}
