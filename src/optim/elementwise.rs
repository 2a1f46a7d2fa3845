//! Rules that treat every number of the parameters by itself: one mechanism for all of them.

use std::marker::PhantomData;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::numbers::Numbers;
use super::saved;
use super::{Flow, Groups, RowMap, Step, Transform};
use crate::error::Result;

/// Entries handled by one task; the result does not depend on it.
const CHUNK: usize = 4096;

/// A rule for one number: from value, gradient and `SLOTS` remembered numbers to an update.
///
/// A rule is a pure function of plain numbers, so that the same text can become a kernel. What is
/// remembered starts at zero. Updates are along the gradient; a later link turns them round and
/// multiplies them by the learning rate.
pub trait Elementwise<const SLOTS: usize>: Send + 'static {
    /// Name under which the state is stored.
    const NAME: &'static str;

    /// Which of the remembered numbers is a running mean of gradients.
    const MOMENTUM: Option<usize> = Some(0);

    /// What is worked out once for all numbers of a group.
    type Constants: Copy + Send + Sync;

    /// From the rule's settings, and the number of this update, counted from 1.
    fn constants(settings: &[f32], update: u64) -> Self::Constants;

    /// The update, and what to remember.
    fn update(
        constants: &Self::Constants,
        value: f32,
        gradient: f32,
        slots: [f32; SLOTS],
    ) -> (f32, [f32; SLOTS]);
}

/// The link that applies an elementwise rule.
pub struct EachNumber<R, const SLOTS: usize> {
    numbers: Numbers,
    state: State,
    rule: PhantomData<R>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Number of updates so far.
    updates: u64,
    slots: Vec<Groups>,
}

/// The link for rule `R` with these numbers.
pub fn each_number<R: Elementwise<SLOTS>, const SLOTS: usize>(
    numbers: &Numbers,
) -> Box<dyn Transform> {
    Box::new(EachNumber::<R, SLOTS> {
        numbers: numbers.clone(),
        state: State::default(),
        rule: PhantomData,
    })
}

impl<R: Elementwise<SLOTS>, const SLOTS: usize> Transform for EachNumber<R, SLOTS> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        let state = &mut self.state;
        state.updates += 1;
        state.slots.resize_with(SLOTS, Groups::default);
        for slot in &mut state.slots {
            slot.resize_like(updates);
        }
        let settings = self.numbers.at(&step.clock);
        for (group, updates) in updates.iter_mut() {
            let constants = R::constants(settings.get(group), state.updates);
            let slots = state.slots.iter_mut().map(|slot| slot.get_mut(group).as_mut_slice());
            let values = step.values.map_or(&[][..], |values| values.get(group));
            apply::<R, SLOTS>(&constants, values, updates, slots);
        }
        Ok(Flow::On)
    }

    fn momentum(&self) -> Option<&Groups> {
        self.state.slots.get(R::MOMENTUM?)
    }

    fn remap(&mut self, rows: &RowMap) {
        for slot in &mut self.state.slots {
            slot.remap(rows);
        }
    }

    fn round_state(&mut self, round: fn(f32) -> f32) {
        for (_, values) in self.state.slots.iter_mut().flat_map(|slot| slot.iter_mut()) {
            values.iter_mut().for_each(|value| *value = round(*value));
        }
    }

    fn reset(&mut self) {
        self.state = State::default();
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(R::NAME, state)?;
        Ok(())
    }
}

/// Applies a rule to all numbers of a group; where there are no values they count as zero.
fn apply<'a, R: Elementwise<SLOTS>, const SLOTS: usize>(
    constants: &R::Constants,
    values: &[f32],
    updates: &mut [f32],
    slots: impl Iterator<Item = &'a mut [f32]>,
) {
    let mut slots: Vec<_> = slots.map(|slot| slot.chunks_mut(CHUNK)).collect();
    let mut values = values.chunks(CHUNK);
    let tasks: Vec<_> = updates
        .chunks_mut(CHUNK)
        .map(|updates| {
            let slots: [&mut [f32]; SLOTS] =
                std::array::from_fn(|slot| slots[slot].next().unwrap_or_default());
            (updates, values.next().unwrap_or_default(), slots)
        })
        .collect();
    tasks.into_par_iter().for_each(|(updates, values, slots)| {
        // Of one length, for the compiler to see.
        let count = updates.len();
        let mut slots = slots.map(|slot| &mut slot[..count]);
        for (index, update) in updates.iter_mut().enumerate() {
            let value = values.get(index).copied().unwrap_or(0.0);
            let before = std::array::from_fn(|slot| slots[slot][index]);
            let (next, after) = R::update(constants, value, *update, before);
            *update = next;
            for (slot, after) in slots.iter_mut().zip(after) {
                slot[index] = after;
            }
        }
    });
}
