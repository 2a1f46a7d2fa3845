//! Clipping of each entry.

use super::{Groups, Step, Transform};

/// Bounds every entry to `-limit..=limit`.
#[derive(Debug)]
pub struct ClipValue {
    /// Largest absolute value.
    pub limit: f32,
}

impl Transform for ClipValue {
    fn name(&self) -> &'static str {
        "clip-value"
    }

    fn update(&mut self, updates: &mut Groups, _step: &Step) {
        for (_, values) in updates.iter_mut() {
            for value in values {
                *value = value.clamp(-self.limit, self.limit);
            }
        }
    }
}
