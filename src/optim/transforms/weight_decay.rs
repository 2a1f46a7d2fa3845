//! Decoupled weight decay: part of an update that pulls the parameters to zero.

use crate::error::Result;
use crate::optim::numbers::Numbers;
use crate::optim::{Flow, Groups, Step, Transform};

/// Adds a share of the parameters to the update.
struct WeightDecay {
    numbers: Numbers,
    /// Place of the share among the numbers.
    index: usize,
}

/// The link, whose share is the number in place `index`.
pub(in crate::optim) fn link(numbers: &Numbers, index: usize) -> Box<dyn Transform> {
    Box::new(WeightDecay { numbers: numbers.clone(), index })
}

impl Transform for WeightDecay {
    fn name(&self) -> &'static str {
        "weight-decay"
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        let Some(values) = step.values else { return Ok(Flow::On) };
        let shares = self.numbers.at(&step.clock);
        for (group, updates) in updates.iter_mut() {
            let share = shares.get(group)[self.index];
            if share == 0.0 {
                continue;
            }
            for (update, value) in updates.iter_mut().zip(values.get(group)) {
                *update += share * value;
            }
        }
        Ok(Flow::On)
    }
}
