//! What L-BFGS and its line search remember, on its way to the device and back.
//!
//! `memory` holds gradient, direction and step of the search, and then the pairs in a ring: vectors
//! of one number for each coordinate (`vectors.wgsl`). `Search` has the scalars (`search.wgsl`). The
//! kernels of a pass, in their order: `judge` keeps the state that was drawn or shortens the step;
//! of a state that is kept, `differentiate` takes the gradient, `learn` makes the pair, and `decide`
//! and `combine` make the direction by turns; `try` makes the step and the next state, and `slope`
//! its slope.

use super::super::Gpu;
use super::super::buffers::Buffers;
use super::super::context::Context;
use super::super::kernels::Slot;
use super::super::layouts::Search;
use super::held::{Held, VECTORS};
use super::shape::Shape;
use super::{join, split};
use crate::backend::descent::{
    DescentState, PairNumbers, QuasiNewtonPlan, QuasiNewtonState, TrialNumbers,
};
use crate::error::Result;
use crate::gaussians::Gaussians;

/// Whether a state has the numbers that `count` Gaussians and a plan ask for.
pub(super) fn fits(
    shape: &Shape,
    count: usize,
    plan: &QuasiNewtonPlan,
    state: &DescentState,
) -> bool {
    let Some(state) = &state.quasi_newton else { return false };
    let is_vector = |numbers: &Vec<f32>| numbers.len() == count * shape.coordinates();
    let blocks = if shape.normalized { count * (2 + shape.colors) } else { 0 };
    let pairs = &state.pairs;
    shape.shape_len == 3
        && state.blocks.len() == blocks
        && pairs.len() <= plan.memory
        && pairs.iter().all(|pair| is_vector(&pair.step) && is_vector(&pair.change))
        && state.trial.as_ref().is_none_or(|trial| {
            let TrialNumbers { gradient, direction, step, base, .. } = trial;
            [gradient, direction, step].into_iter().all(is_vector) && base.len() == count
        })
}

impl Held {
    /// Sends where the search stands.
    pub(super) fn send_search(
        &self,
        context: &Context,
        buffers: &Buffers,
        plan: &QuasiNewtonPlan,
        state: &QuasiNewtonState,
    ) -> Result<()> {
        let QuasiNewtonState { scale, pairs, trial, blocks } = state;
        let send = |slot: Slot, offset: u64, bytes: &[u8]| -> Result<()> {
            context.queue.write_buffer(buffers.get(slot)?, offset, bytes);
            Ok(())
        };
        let vector = 4 * (self.extent.splats * self.shape().coordinates()) as u64;
        let send_vector = |number: usize, numbers: &[f32]| {
            send(Slot::Memory, number as u64 * vector, bytemuck::cast_slice(numbers))
        };
        let (places, count) = (self.places(), pairs.len());
        let mut search = Search {
            sufficient: plan.sufficient,
            noise: plan.noise,
            shorten: plan.shorten,
            most_tries: plan.tries,
            longest_move: plan.longest_move,
            longest_change: plan.longest_change,
            least_scale: plan.scales[0],
            largest_scale: plan.scales[1],
            least_curvature: plan.least_curvature,
            curvature: plan.curvature,
            smallest_mass_px: plan.smallest_mass_px,
            faded: plan.faded,
            memory: plan.memory as u32,
            places: places as u32,
            scale: *scale,
            pairs: count as u32,
            // The oldest takes the first place.
            newest: ((places + count - 1) % places) as u32,
            ..Search::default()
        };
        for (place, pair) in pairs.iter().enumerate() {
            send_vector(VECTORS + 2 * place, &pair.step)?;
            send_vector(VECTORS + 2 * place + 1, &pair.change)?;
            // Its factor is worked out each time.
            let numbers = [pair.curvature, 0.0];
            send(Slot::Pairs, 8 * place as u64, bytemuck::bytes_of(&numbers))?;
        }
        if let Some(trial) = trial {
            let TrialNumbers { base, gradient, direction, step, loss, share, slope, number } =
                trial;
            for (number, numbers) in [gradient, direction, step].into_iter().enumerate() {
                send_vector(number, numbers)?;
            }
            send(Slot::Base, 0, bytemuck::cast_slice(&join(base)))?;
            (search.loss, search.share, search.slope) = (*loss, *share, *slope);
            search.tries = *number;
        }
        if !blocks.is_empty() {
            send(Slot::Blocks, 0, bytemuck::cast_slice(blocks))?;
        }
        send(Slot::Search, 0, bytemuck::bytes_of(&search))
    }
}

impl Gpu {
    /// Reads where the search stands; `memory` was read already.
    pub(super) fn receive_search(
        &mut self,
        held: &Held,
        memory: &[f32],
    ) -> Result<QuasiNewtonState> {
        let numbers = self.read(Slot::Search, held.bytes(Slot::Search, 0))?;
        let search: Search = bytemuck::pod_read_unaligned(bytemuck::cast_slice(&numbers));
        let curvatures = self.read(Slot::Pairs, held.bytes(Slot::Pairs, 0))?;
        let base = self.read(Slot::Base, held.bytes(Slot::Base, 0))?;
        let vector = held.extent.splats * held.shape().coordinates();
        let take = |number: usize| memory[number * vector..(number + 1) * vector].to_vec();
        let (places, count) = (held.places(), search.pairs as usize);
        let pairs = (0..count).rev().map(|age| {
            let place = (search.newest as usize + places - age) % places;
            PairNumbers {
                step: take(VECTORS + 2 * place),
                change: take(VECTORS + 2 * place + 1),
                curvature: curvatures[2 * place],
            }
        });
        let pairs = pairs.collect();
        let trial = (search.tries > 0).then(|| {
            let mut from = Gaussians::empty(held.shape().colors);
            split(&base, &mut from, held.extent.splats);
            TrialNumbers {
                base: from,
                gradient: take(0),
                direction: take(1),
                step: take(2),
                loss: search.loss,
                share: search.share,
                slope: search.slope,
                number: search.tries,
            }
        });
        Ok(QuasiNewtonState { scale: search.scale, pairs, trial, blocks: Vec::new() })
    }
}
