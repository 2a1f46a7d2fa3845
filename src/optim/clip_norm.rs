//! Clipping of the whole gradient by its norm.

use super::{Groups, Step, Transform};

/// Scales all groups by one factor so that the Euclidean norm over all is at most `limit`.
#[derive(Debug)]
pub struct ClipNorm {
    /// Largest norm.
    pub limit: f32,
}

impl Transform for ClipNorm {
    fn name(&self) -> &'static str {
        "clip-norm"
    }

    fn update(&mut self, updates: &mut Groups, _step: &Step) {
        let norm = updates.norms().iter().map(|(_, norm)| norm * norm).sum::<f64>().sqrt();
        if norm <= f64::from(self.limit) {
            return;
        }
        let factor = (f64::from(self.limit) / norm) as f32;
        for (_, values) in updates.iter_mut() {
            for value in values {
                *value *= factor;
            }
        }
    }
}
