//! The links that a chain is made of, and what they know of the step being taken.

use super::elementwise::Formula;
use super::{Clock, GaussNewton, Groups, PerGroup, QuasiNewton, RowMap};
use crate::error::Result;

/// What a transform may know about the step being taken.
#[derive(Clone, Copy)]
pub struct Step<'a> {
    /// Learning rate of each group at this iteration: base rate, schedule and backing-off.
    pub rates: PerGroup<f32>,
    /// The blocks of the Gauss-Newton matrix, for rules that ask for them.
    pub blocks: Option<&'a GaussNewton>,
    /// Products with the whole of that matrix, for rules that ask for them.
    pub products: Option<&'a dyn Products>,
    /// The parameters, for rules that ask for them: coordinates in the units of the groups.
    pub values: Option<&'a Groups>,
    /// Second derivative of the loss along one value of one pixel, about.
    pub curvature: f32,
    /// When.
    pub clock: Clock<'a>,
}

impl Step<'_> {
    /// A step at these rates, of which nothing else is known.
    pub const fn at(rates: PerGroup<f32>) -> Self {
        let clock = Clock { iteration: 0, iterations: 1, losses: &[] };
        Self { rates, blocks: None, products: None, values: None, curvature: 1.0, clock }
    }
}

/// The Gauss-Newton matrix `J^T J` of the whole picture, which nobody ever writes down.
pub trait Products {
    /// The matrix times a tangent. Costs two sweeps over the picture.
    ///
    /// # Errors
    /// Whatever the backend fails with.
    fn multiply(&self, tangent: &Groups) -> Result<Groups>;
}

/// Whether what a link leaves is a step to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// The next link's turn.
    On,
    /// No step this time: the gradient was only taken in.
    Hold,
}

/// One link of an optimizer: updates in, updates out.
pub trait Transform: Send {
    /// Name under which the state is stored.
    fn name(&self) -> &'static str;

    /// Transforms the updates of one iteration in place. The first link sees the gradients.
    ///
    /// # Errors
    /// Whatever the backend fails with, for links that ask it for products.
    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow>;

    /// The link as a formula for single numbers, if it is one.
    fn formula(&self) -> Option<&dyn Formula> {
        None
    }

    /// The same, to change what it remembers.
    fn formula_mut(&mut self) -> Option<&mut dyn Formula> {
        None
    }

    /// What the link remembers, if it is nothing but the two loops of L-BFGS.
    fn quasi_newton(&self) -> Option<QuasiNewton> {
        None
    }

    /// Takes up what [`Self::quasi_newton`] has become after updates elsewhere, the last of which
    /// was of this gradient.
    fn take_up(&mut self, _gradient: &Groups, _quasi_newton: QuasiNewton) {}

    /// Says which step was made in the end, for rules that learn from it.
    fn stepped(&mut self, _step: &Groups) {}

    /// The running mean of gradients that steps build on, of rules that have one.
    fn momentum(&self) -> Option<&Groups> {
        None
    }

    /// Gaussians came, went or moved: what is remembered of each goes with its row.
    fn remap(&mut self, _rows: &RowMap) {}

    /// Rounds what is remembered, of rules that treat every number by itself.
    fn round_state(&mut self, _round: fn(f32) -> f32) {}

    /// Forgets everything, as before the first update.
    fn reset(&mut self) {}

    /// The whole state, for a checkpoint.
    fn save(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes up a state that [`Self::save`] gave.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`] if the state is not one of this transform's.
    fn restore(&mut self, _state: &serde_json::Value) -> Result<()> {
        Ok(())
    }
}
