//! Wrappers: what works around the steps of a rule. One file each, and one line in [`ALL`].

mod averaging;
mod best_so_far;
mod bf16_state;
mod dropout;
mod lookahead;
mod mix;
mod momentum_reset;
mod sharpness_aware;
mod tile_batches;

pub use tile_batches::{DrawnTile, TileBatches};

use super::part::{Kind, Needs, Part};
use super::{Chain, Clock, Groups, RowMap};
use crate::error::Result;
use crate::gaussians::Gaussians;

/// All wrappers.
pub const ALL: &[&Part] = &[
    &lookahead::PART,
    &sharpness_aware::PART,
    &tile_batches::PART,
    &averaging::EXPONENTIAL,
    &averaging::STOCHASTIC,
    &momentum_reset::PART,
    &best_so_far::PART,
    &bf16_state::PART,
];

/// Regularizers that work on what is drawn.
pub const REGULARIZERS: &[&Part] = &[&dropout::PART];

/// Wrappers move the parameters themselves: no line search may stand between.
const WRAPPER: Part =
    Part { kind: Kind::Wrapper, needs: Needs { plain_steps: true, ..Needs::NONE }, ..Part::EMPTY };

/// What a wrapper may know after a step.
#[derive(Clone, Copy)]
pub struct After<'a> {
    /// The iteration whose step this was.
    pub clock: Clock<'a>,
    /// The best state so far, and its loss.
    pub best: Option<(&'a Gaussians, f64)>,
}

impl After<'_> {
    /// Whether no more than one iteration is left, that draws what there is.
    pub fn is_last(&self) -> bool {
        self.clock.iteration + 1 >= self.clock.iterations
    }
}

/// Something around the steps of a chain.
pub trait Wrapper: Send {
    /// Name under which the state is stored.
    fn name(&self) -> &'static str;

    /// Before the chain sees the gradient.
    fn before(&mut self, _chain: &mut Chain, _clock: &Clock<'_>) {}

    /// After the chain has made its step.
    fn updated(&mut self, _chain: &mut Chain) {}

    /// Gaussians that are not drawn in this iteration, `[N]`; `None` if all are.
    fn hidden(&self, _count: usize, _clock: &Clock<'_>) -> Option<Vec<bool>> {
        None
    }

    /// What chooses the tiles of each gradient; `None` if all gradients are of the whole picture.
    fn batches(&mut self) -> Option<&mut TileBatches> {
        None
    }

    /// Where to take the gradient instead: a tangent from the present parameters, in the units
    /// of the groups. Costs a pass.
    fn probe(&self, _gradient: &Groups, _clock: &Clock<'_>) -> Option<Groups> {
        None
    }

    /// After a step. Says whether it moved the parameters, and where to.
    fn after(&mut self, _gaussians: &mut Gaussians, _after: &After<'_>) -> bool {
        false
    }

    /// Gaussians came, went or moved; `gaussians` are those that there are now.
    fn remap(&mut self, _rows: &RowMap, _gaussians: &Gaussians) {}

    /// Forgets everything.
    fn reset(&mut self) {}

    /// The whole state, for a checkpoint.
    fn save(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes up a state that [`Self::save`] gave.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`] if the state is not one of this wrapper's.
    fn restore(&mut self, _state: &serde_json::Value) -> Result<()> {
        Ok(())
    }
}
