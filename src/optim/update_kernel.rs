//! A chain of elementwise links as one kernel: text, constants and memory.

use super::recording::{Name, Recorded, Tape};
use super::{Chain, Group, Groups, PerGroup, Step};

/// What a chain of elementwise links does to one number, as lines of WGSL.
///
/// The lines name `gradient`, perhaps `value`, `constant_K` and `slot_K`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateKernel {
    /// Statements.
    pub lines: String,
    /// The step: an expression.
    pub update: String,
    /// What to remember: an expression for each slot.
    pub slots: Vec<String>,
    /// Number of constants.
    pub constants: usize,
    /// Whether `value` is named.
    pub uses_value: bool,
}

impl Chain {
    /// The chain as one kernel, if all of its links are elementwise.
    pub fn kernel(&self) -> Option<UpdateKernel> {
        let formulas: Option<Vec<_>> = self.links().map(|link| link.formula()).collect();
        let tape = Tape::default();
        let mut update = tape.input(Name::Gradient);
        let value = tape.input(Name::Value);
        let (mut constants, mut slots) = (0, Vec::new());
        for formula in formulas? {
            let own: Vec<_> = (constants..constants + formula.constants_len())
                .map(|index| tape.input(Name::Constant(index)))
                .collect();
            let before: Vec<_> = (slots.len()..slots.len() + formula.slots())
                .map(|index| tape.input(Name::Slot(index)))
                .collect();
            let (next, after) = formula.record(&own, value, update, &before);
            constants += own.len();
            slots.extend(after.iter().map(Recorded::to_string));
            update = next;
        }
        let update = update.to_string();
        let uses_value = tape.uses_value();
        Some(UpdateKernel { lines: tape.into_lines(), update, slots, constants, uses_value })
    }

    /// The constants of a step that so many others come before, of position, shape and colour one
    /// after the other.
    pub fn constants(&self, step: &Step<'_>, ahead: u64) -> Vec<f32> {
        let links: Vec<PerGroup<Vec<f32>>> = self
            .links()
            .filter_map(|link| link.formula())
            .map(|formula| formula.constants(step, ahead))
            .collect();
        let of = |group: Group| links.iter().flat_map(move |constants| constants.get(group));
        Group::ALL.into_iter().flat_map(of).copied().collect()
    }

    /// What all links remember: slot after slot, each with position, shape and colour one after the
    /// other, so many numbers of each.
    pub fn memory(&self, lengths: PerGroup<usize>) -> Vec<f32> {
        let mut memory = Vec::new();
        for formula in self.links().filter_map(|link| link.formula()) {
            for slot in 0..formula.slots() {
                let slot = formula.memory().get(slot);
                for group in Group::ALL {
                    let end = memory.len() + lengths.get(group);
                    if let Some(values) = slot.map(|slot| slot.get(group)) {
                        memory.extend_from_slice(values);
                    }
                    // What is not remembered yet is zero.
                    memory.resize(end, 0.0);
                }
            }
        }
        memory
    }

    /// Takes up what [`Self::memory`] has become after so many more updates.
    pub fn advance(&mut self, updates: u64, memory: &[f32], lengths: PerGroup<usize>) {
        let mut rest = memory;
        let mut take = |group: Group| {
            let (own, after) = rest.split_at((*lengths.get(group)).min(rest.len()));
            rest = after;
            own.to_vec()
        };
        for formula in self.links_mut().filter_map(|link| link.formula_mut()) {
            let slots = (0..formula.slots()).map(|_| Groups {
                position: take(Group::Position),
                shape: take(Group::Shape),
                color: take(Group::Color),
            });
            let slots = slots.collect();
            formula.advance(updates, slots);
        }
    }
}
