//! The last link: down the gradient, at each group's rate.

use crate::error::Result;
use crate::optim::{Flow, Groups, Step, Transform};

/// Multiplies each group by minus its learning rate.
#[derive(Debug)]
pub struct ScaleByLearningRate;

impl Transform for ScaleByLearningRate {
    fn name(&self) -> &'static str {
        "learning-rate"
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        for (group, values) in updates.iter_mut() {
            let rate = *step.rates.get(group);
            for value in values {
                *value *= -rate;
            }
        }
        Ok(Flow::On)
    }
}
