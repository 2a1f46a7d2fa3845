//! Several transforms in a row.

use super::{Flow, Groups, PerGroup, QuasiNewton, RowMap, Step, Transform};
use crate::error::Result;

/// Transforms applied one after the other.
pub struct Chain {
    links: Vec<Box<dyn Transform>>,
}

impl Chain {
    /// A chain of `links`, the first of which sees the gradients.
    pub fn new(links: Vec<Box<dyn Transform>>) -> Self {
        Self { links }
    }

    /// The links in their order.
    pub(super) fn links(&self) -> impl Iterator<Item = &dyn Transform> {
        self.links.iter().map(|link| &**link)
    }

    /// The links in their order, to change.
    pub(super) fn links_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn Transform>> {
        self.links.iter_mut()
    }
}

impl Transform for Chain {
    fn name(&self) -> &'static str {
        "chain"
    }

    /// Where a link holds the step back, the update is zero.
    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        for link in &mut self.links {
            if link.update(updates, step)? == Flow::Hold {
                let PerGroup { position, shape, color } = updates;
                [position, shape, color].into_iter().for_each(|values| values.fill(0.0));
                return Ok(Flow::Hold);
            }
        }
        Ok(Flow::On)
    }

    fn quasi_newton(&self) -> Option<QuasiNewton> {
        let [link] = &self.links[..] else { return None };
        link.quasi_newton()
    }

    fn take_up(&mut self, gradient: &Groups, quasi_newton: QuasiNewton) {
        if let [link] = &mut self.links[..] {
            link.take_up(gradient, quasi_newton);
        }
    }

    fn stepped(&mut self, step: &Groups) {
        for link in &mut self.links {
            link.stepped(step);
        }
    }

    fn momentum(&self) -> Option<&Groups> {
        self.links.iter().find_map(|link| link.momentum())
    }

    fn remap(&mut self, rows: &RowMap) {
        for link in &mut self.links {
            link.remap(rows);
        }
    }

    fn round_state(&mut self, round: fn(f32) -> f32) {
        for link in &mut self.links {
            link.round_state(round);
        }
    }

    fn reset(&mut self) {
        for link in &mut self.links {
            link.reset();
        }
    }

    /// An object with one entry for each link that has a state.
    fn save(&self) -> serde_json::Value {
        let states = self.links.iter().map(|link| (link.name().to_owned(), link.save()));
        serde_json::Value::Object(states.filter(|(_, state)| !state.is_null()).collect())
    }

    /// Links are matched by name: one that the state does not know starts afresh, so that a run
    /// may go on with, say, clipping added.
    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        for link in &mut self.links {
            if let Some(state) = state.get(link.name()) {
                link.restore(state)?;
            }
        }
        Ok(())
    }
}
