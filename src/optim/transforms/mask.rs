//! Gaussians that rest, chosen by a program.

use crate::error::Result;
use crate::optim::{Flow, Groups, RowMap, Step, Transform};

/// Zeroes the gradients of the Gaussians that rest. For chains made in code: nothing on a command
/// line could name single Gaussians. Gaussians that come later move.
#[derive(Clone, Debug)]
pub struct RowMask {
    rests: Vec<bool>,
}

impl RowMask {
    /// A mask under which those Gaussians rest for which `rests`, `[N]`, is true.
    pub fn new(rests: Vec<bool>) -> Self {
        Self { rests }
    }
}

impl Transform for RowMask {
    fn name(&self) -> &'static str {
        "row-mask"
    }

    fn update(&mut self, updates: &mut Groups, _step: &Step<'_>) -> Result<Flow> {
        let count = self.rests.len().max(1);
        for (_, values) in updates.iter_mut() {
            let width = (values.len() / count).max(1);
            for (row, rests) in values.chunks_exact_mut(width).zip(&self.rests) {
                if *rests {
                    row.fill(0.0);
                }
            }
        }
        Ok(Flow::On)
    }

    fn remap(&mut self, rows: &RowMap) {
        rows.apply(&mut self.rests);
    }
}
