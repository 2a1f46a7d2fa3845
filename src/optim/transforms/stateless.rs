//! Transforms that remember nothing: a function each.

use crate::error::Result;
use crate::optim::numbers::Numbers;
use crate::optim::{Flow, Groups, PerGroup, Step, Transform};

/// What a transform does to the gradients, given its numbers for each group.
pub type Apply = fn(&mut Groups, &PerGroup<Vec<f32>>, &Step<'_>);

/// The link that applies a function.
struct Stateless {
    numbers: Numbers,
    apply: Apply,
}

/// The link for `apply`.
pub fn link(numbers: &Numbers, apply: Apply) -> Vec<Box<dyn Transform>> {
    vec![Box::new(Stateless { numbers: numbers.clone(), apply })]
}

impl Transform for Stateless {
    fn name(&self) -> &'static str {
        self.numbers.part().name
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        (self.apply)(updates, &self.numbers.at(&step.clock), step);
        Ok(Flow::On)
    }
}
