//! Rules that treat every number of the parameters by itself: one mechanism for all of them.
//!
//! A rule is written once, over [`Arithmetic`]. On numbers it is what runs on the host; on
//! [`super::recording`] it is the text of a kernel (see [`super::UpdateKernel`]).

use std::marker::PhantomData;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::arithmetic::Arithmetic;
use super::numbers::Numbers;
use super::recording::Recorded;
use super::saved;
use super::{Flow, Group, Groups, PerGroup, RowMap, Step, Transform};
use crate::error::Result;

/// Entries handled by one task; the result does not depend on it.
const CHUNK: usize = 4096;

/// A rule for one number: from value, gradient and `SLOTS` remembered numbers to an update.
///
/// A rule is a pure function. What is remembered starts at zero. Updates are along the gradient; a
/// later link turns them round and multiplies them by the learning rate.
pub trait Elementwise<const SLOTS: usize, const CONSTANTS: usize>: Send + 'static {
    /// Name under which the state is stored.
    const NAME: &'static str;

    /// Which of the remembered numbers is a running mean of gradients.
    const MOMENTUM: Option<usize> = Some(0);

    /// What is worked out once for all numbers of a group.
    fn constants(now: &Now<'_>) -> [f32; CONSTANTS];

    /// The update, and what to remember.
    fn update<T: Arithmetic>(
        constants: [T; CONSTANTS],
        value: T,
        gradient: T,
        slots: [T; SLOTS],
    ) -> (T, [T; SLOTS]);
}

/// What the constants of one group at one step may follow from.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// The part's settings, from the link's first one on.
    pub settings: &'a [f32],
    /// Number of this update, counted from 1.
    pub update: u64,
    /// The group's learning rate.
    pub rate: f32,
    /// Second derivative of the loss along one value of one pixel, about.
    pub curvature: f32,
}

/// An elementwise link as it looks to whoever runs it elsewhere.
pub trait Formula {
    /// How many numbers are remembered of each.
    fn slots(&self) -> usize;

    /// How many constants there are.
    fn constants_len(&self) -> usize;

    /// The constants of each group at a step that so many others come before.
    fn constants(&self, step: &Step<'_>, ahead: u64) -> PerGroup<Vec<f32>>;

    /// The update and what to remember, written down; one constant and slot for each there is.
    fn record<'t>(
        &self,
        constants: &[Recorded<'t>],
        value: Recorded<'t>,
        gradient: Recorded<'t>,
        slots: &[Recorded<'t>],
    ) -> (Recorded<'t>, Vec<Recorded<'t>>);

    /// What is remembered: as many as there are slots, or none before the first update.
    fn memory(&self) -> &[Groups];

    /// Takes up what is remembered after so many more updates.
    fn advance(&mut self, updates: u64, memory: Vec<Groups>);
}

/// The link that applies an elementwise rule.
pub struct EachNumber<R, const SLOTS: usize, const CONSTANTS: usize> {
    numbers: Option<Numbers>,
    /// Place of the link's first setting among the part's.
    first: usize,
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
pub fn each_number<R: Elementwise<SLOTS, CONSTANTS>, const SLOTS: usize, const CONSTANTS: usize>(
    numbers: &Numbers,
) -> Box<dyn Transform> {
    each_number_from::<R, SLOTS, CONSTANTS>(numbers, 0)
}

/// The same, whose settings begin at place `first` of the part's.
pub fn each_number_from<
    R: Elementwise<SLOTS, CONSTANTS>,
    const SLOTS: usize,
    const CONSTANTS: usize,
>(
    numbers: &Numbers,
    first: usize,
) -> Box<dyn Transform> {
    let numbers = Some(numbers.clone());
    Box::new(EachNumber::<R, SLOTS, CONSTANTS> {
        numbers,
        first,
        state: State::default(),
        rule: PhantomData,
    })
}

/// The link of a rule that has no settings.
pub fn each_number_alone<
    R: Elementwise<SLOTS, CONSTANTS>,
    const SLOTS: usize,
    const CONSTANTS: usize,
>() -> Box<dyn Transform> {
    Box::new(EachNumber::<R, SLOTS, CONSTANTS> {
        numbers: None,
        first: 0,
        state: State::default(),
        rule: PhantomData,
    })
}

impl<R: Elementwise<SLOTS, CONSTANTS>, const SLOTS: usize, const CONSTANTS: usize>
    EachNumber<R, SLOTS, CONSTANTS>
{
    fn constants_at(&self, step: &Step<'_>, update: u64) -> PerGroup<[f32; CONSTANTS]> {
        let settings = self.numbers.as_ref().map(|numbers| numbers.at(&step.clock));
        let of = |group: Group| {
            let settings = settings.as_ref().map_or(&[][..], |settings| settings.get(group));
            R::constants(&Now {
                settings: settings.get(self.first..).unwrap_or_default(),
                update,
                rate: *step.rates.get(group),
                curvature: step.curvature,
            })
        };
        PerGroup { position: of(Group::Position), shape: of(Group::Shape), color: of(Group::Color) }
    }
}

impl<R: Elementwise<SLOTS, CONSTANTS>, const SLOTS: usize, const CONSTANTS: usize> Transform
    for EachNumber<R, SLOTS, CONSTANTS>
{
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        self.state.updates += 1;
        let constants = self.constants_at(step, self.state.updates);
        let state = &mut self.state;
        state.slots.resize_with(SLOTS, Groups::default);
        for slot in &mut state.slots {
            slot.resize_like(updates);
        }
        for (group, updates) in updates.iter_mut() {
            let slots = state.slots.iter_mut().map(|slot| slot.get_mut(group).as_mut_slice());
            let values = step.values.map_or(&[][..], |values| values.get(group));
            apply::<R, SLOTS, CONSTANTS>(*constants.get(group), values, updates, slots);
        }
        Ok(Flow::On)
    }

    fn formula(&self) -> Option<&dyn Formula> {
        Some(self)
    }

    fn formula_mut(&mut self) -> Option<&mut dyn Formula> {
        Some(self)
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
        // A rule without memory does not look at the number of updates either.
        if SLOTS == 0 { serde_json::Value::Null } else { saved::save(&self.state) }
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(R::NAME, state)?;
        Ok(())
    }
}

impl<R: Elementwise<SLOTS, CONSTANTS>, const SLOTS: usize, const CONSTANTS: usize> Formula
    for EachNumber<R, SLOTS, CONSTANTS>
{
    fn slots(&self) -> usize {
        SLOTS
    }

    fn constants_len(&self) -> usize {
        CONSTANTS
    }

    fn constants(&self, step: &Step<'_>, ahead: u64) -> PerGroup<Vec<f32>> {
        self.constants_at(step, self.state.updates + ahead + 1).map(|constants| constants.to_vec())
    }

    fn record<'t>(
        &self,
        constants: &[Recorded<'t>],
        value: Recorded<'t>,
        gradient: Recorded<'t>,
        slots: &[Recorded<'t>],
    ) -> (Recorded<'t>, Vec<Recorded<'t>>) {
        let zero = Recorded::from(0.0);
        let constants = std::array::from_fn(|k| constants.get(k).copied().unwrap_or(zero));
        let slots = std::array::from_fn(|k| slots.get(k).copied().unwrap_or(zero));
        let (update, slots) = R::update(constants, value, gradient, slots);
        (update, slots.to_vec())
    }

    fn memory(&self) -> &[Groups] {
        &self.state.slots
    }

    fn advance(&mut self, updates: u64, memory: Vec<Groups>) {
        self.state.updates += updates;
        self.state.slots = memory;
    }
}

/// Applies a rule to all numbers of a group; where there are no values they count as zero.
fn apply<'a, R: Elementwise<SLOTS, CONSTANTS>, const SLOTS: usize, const CONSTANTS: usize>(
    constants: [f32; CONSTANTS],
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
