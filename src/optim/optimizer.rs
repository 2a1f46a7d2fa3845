//! A method that is put together: the chain and what stands around it.

use super::constraints::Constraint;
use super::part::Needs;
use super::penalties::Penalty;
use super::wrappers::{After, TileBatches, Wrapper};
use super::{
    Chain, Clock, Flow, Groups, Method, PerGroup, QuasiNewton, RowMap, Step, Transform,
    UpdateKernel,
};
use crate::error::Result;
use crate::gaussians::Gaussians;

/// A chain of links with wrappers, constraints and regularizers around it.
pub struct Optimizer {
    pub(super) chain: Chain,
    pub(super) wrappers: Vec<Box<dyn Wrapper>>,
    pub(super) constraints: Vec<Box<dyn Constraint>>,
    pub(super) penalties: Vec<Box<dyn Penalty>>,
    method: Method,
}

impl Optimizer {
    /// An optimizer of this method that has no parts yet.
    pub(super) fn new(method: Method) -> Self {
        Self {
            chain: Chain::new(Vec::new()),
            wrappers: Vec::new(),
            constraints: Vec::new(),
            penalties: Vec::new(),
            method,
        }
    }

    /// The parts that it was put together from.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// What the parts ask of the loop around them.
    pub fn needs(&self) -> Needs {
        self.method.needs()
    }

    /// From gradients to the step.
    ///
    /// # Errors
    /// Whatever the backend fails with.
    pub fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<()> {
        for wrapper in &mut self.wrappers {
            wrapper.before(&mut self.chain, &step.clock);
        }
        let (Flow::On | Flow::Hold) = self.chain.update(updates, step)?;
        for wrapper in &mut self.wrappers {
            wrapper.updated(&mut self.chain);
        }
        Ok(())
    }

    /// The whole method as one kernel, if it is nothing but elementwise links.
    pub fn kernel(&self) -> Option<UpdateKernel> {
        self.is_chain().then(|| self.chain.kernel()).flatten()
    }

    /// What the method remembers, if it is nothing but the two loops of L-BFGS.
    pub fn quasi_newton(&self) -> Option<QuasiNewton> {
        self.is_chain().then(|| self.chain.quasi_newton()).flatten()
    }

    /// See [`Transform::take_up`].
    pub fn take_up(&mut self, gradient: &Groups, quasi_newton: QuasiNewton) {
        self.chain.take_up(gradient, quasi_newton);
    }

    /// Whether nothing stands around the chain.
    fn is_chain(&self) -> bool {
        self.wrappers.is_empty() && self.constraints.is_empty() && self.penalties.is_empty()
    }

    /// See [`Chain::constants`].
    pub fn constants(&self, step: &Step<'_>, ahead: u64) -> Vec<f32> {
        self.chain.constants(step, ahead)
    }

    /// See [`Chain::memory`].
    pub fn memory(&self, lengths: PerGroup<usize>) -> Vec<f32> {
        self.chain.memory(lengths)
    }

    /// See [`Chain::advance`].
    pub fn advance(&mut self, updates: u64, memory: &[f32], lengths: PerGroup<usize>) {
        self.chain.advance(updates, memory, lengths);
    }

    /// Gaussians that are not to be drawn in this iteration; `None` if all are.
    pub fn hidden(&self, count: usize, clock: &Clock<'_>) -> Option<Vec<bool>> {
        self.wrappers.iter().find_map(|wrapper| wrapper.hidden(count, clock))
    }

    /// What chooses the tiles of each gradient; `None` if all gradients are of the whole picture.
    pub fn batches(&mut self) -> Option<&mut TileBatches> {
        self.wrappers.iter_mut().find_map(|wrapper| wrapper.batches())
    }

    /// Where the gradient is to be taken instead, if anywhere.
    pub fn probe(&self, gradient: &Groups, clock: &Clock<'_>) -> Option<Groups> {
        self.wrappers.iter().find_map(|wrapper| wrapper.probe(gradient, clock))
    }

    /// After a step: wrappers may move the parameters. Says whether one did.
    pub fn after(&mut self, gaussians: &mut Gaussians, after: &After<'_>) -> bool {
        let moved = self.wrappers.iter_mut().map(|wrapper| wrapper.after(gaussians, after));
        moved.fold(false, |any, moved| any | moved)
    }

    /// Puts the parameters back into the sets that they are kept in.
    pub fn project(&self, gaussians: &mut Gaussians, clock: &Clock<'_>) {
        for constraint in &self.constraints {
            constraint.project(gaussians, clock);
        }
    }

    /// What the regularizers add to the loss.
    pub fn penalty(&self, gaussians: &Gaussians, clock: &Clock<'_>) -> f64 {
        self.penalties.iter().map(|penalty| penalty.value(gaussians, clock)).sum()
    }

    /// Adds the gradient of [`Self::penalty`].
    pub fn add_gradient(&self, gaussians: &Gaussians, clock: &Clock<'_>, gradient: &mut Groups) {
        for penalty in &self.penalties {
            penalty.add_gradient(gaussians, clock, gradient);
        }
    }

    /// Says which step was made in the end.
    pub fn stepped(&mut self, step: &Groups) {
        self.chain.stepped(step);
    }

    /// The running mean of gradients that steps build on; `None` of methods without one, and
    /// before the first step.
    pub fn momentum(&self) -> Option<&Groups> {
        self.chain.momentum()
    }

    /// Gaussians came, went or moved; `gaussians` are those that there are now.
    pub fn remap(&mut self, rows: &RowMap, gaussians: &Gaussians) {
        self.chain.remap(rows);
        for wrapper in &mut self.wrappers {
            wrapper.remap(rows, gaussians);
        }
    }

    /// Forgets everything, as before the first update.
    pub fn reset(&mut self) {
        self.chain.reset();
        self.wrappers.iter_mut().for_each(|wrapper| wrapper.reset());
    }

    /// The whole state, for a checkpoint: one entry for each part that has one.
    pub fn save(&self) -> serde_json::Value {
        let mut states = self.chain.save();
        if let Some(states) = states.as_object_mut() {
            let own = self.wrappers.iter().map(|wrapper| (wrapper.name().into(), wrapper.save()));
            states.extend(own.filter(|(_, state): &(String, _)| !state.is_null()));
        }
        states
    }

    /// Takes up a state that [`Self::save`] gave. Parts that it does not know start afresh.
    ///
    /// # Errors
    /// [`crate::Error::Malformed`] if a state is not one of its part's.
    pub fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.chain.restore(state)?;
        for wrapper in &mut self.wrappers {
            if let Some(state) = state.get(wrapper.name()) {
                wrapper.restore(state)?;
            }
        }
        Ok(())
    }
}
