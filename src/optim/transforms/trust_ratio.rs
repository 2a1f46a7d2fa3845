//! Layer-wise rates: an update as long as the parameters are.

use crate::error::Result;
use crate::optim::numbers::Numbers;
use crate::optim::{Flow, Groups, Step, Transform};

/// Scales the update of each group to a share of the norm of the group's parameters (You et al.
/// 2017); where either norm is zero the update stays.
struct TrustRatio {
    numbers: Numbers,
    /// Place of the share among the numbers; the largest factor follows.
    index: usize,
}

/// The link, whose share is the number in place `index` and whose largest factor, or zero, is the
/// next.
pub(in crate::optim) fn link(numbers: &Numbers, index: usize) -> Box<dyn Transform> {
    Box::new(TrustRatio { numbers: numbers.clone(), index })
}

impl Transform for TrustRatio {
    fn name(&self) -> &'static str {
        "trust-ratio"
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        let Some(values) = step.values else { return Ok(Flow::On) };
        let numbers = self.numbers.at(&step.clock);
        let (lengths, norms) = (values.norms(), updates.norms());
        for (group, updates) in updates.iter_mut() {
            let (length, norm) = (*lengths.get(group), *norms.get(group));
            if length == 0.0 || norm == 0.0 {
                continue;
            }
            let [share, largest] = [0, 1].map(|offset| numbers.get(group)[self.index + offset]);
            let mut ratio = (f64::from(share) * length / norm) as f32;
            if largest > 0.0 {
                ratio = ratio.min(largest);
            }
            for update in updates {
                *update *= ratio;
            }
        }
        Ok(Flow::On)
    }
}
