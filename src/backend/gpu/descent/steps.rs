//! Steps one after the other, and how they went.

use std::ops::Range;

use wgpu::CommandEncoder;

use super::super::Gpu;
use super::super::bands::Band;
use super::super::context::Context;
use super::super::dispatch::encode;
use super::super::kernels::{Kernel, Slot};
use super::super::layouts::{Counters, Status};
use super::super::limits::largest_capacity;
use super::super::pass::LIST_BUFFERS;
use super::super::target::Target;
use super::super::timestamps::{Timestamps, durations};
use super::super::transfer::{Part, Transfer};
use super::held::{Held, NO_STEP};
use crate::backend::descent::Descended;
use crate::error::{Error, Result};
use crate::loss::LossTerms;

/// `HALT_NO_ROOM` of `status.wgsl`.
const HALT_NO_ROOM: u32 = 1;

/// `HALT_NO_STEP` of `status.wgsl`.
const HALT_NO_STEP: u32 = 3;

/// Most steps in one go where some may be rejected: one bit of a word each.
const MOST_SEARCHED: usize = 32;

/// Buffers of the drawing kernels behind those, apart from the target.
const DRAWING_BUFFERS: [Slot; 3] = [Slot::LossSums, Slot::Partials, Slot::Moments];

impl Gpu {
    /// Makes the steps, again from where lists were too short.
    pub(super) fn descend_from(
        &mut self,
        held: &mut Held,
        constants: &[f32],
        steps: usize,
    ) -> Result<Descended> {
        let wanted = 3 * steps * held.shape().constants();
        if constants.len() != wanted {
            return Err(Error::Invalid(format!(
                "{steps} steps have {wanted} constants, not {}",
                constants.len()
            )));
        }
        if held.quasi_newton.is_some() && steps > MOST_SEARCHED {
            let (what, limit) = ("steps of a line search in one go", MOST_SEARCHED as u64);
            return Err(Error::Limit { what, value: steps as u64, limit });
        }
        let channels = held.shape().channels();
        let largest = largest_capacity(&self.context.limits, channels, true);
        let (mut done, mut best, mut rejected) = (0, None, 0);
        loop {
            self.capacity = u64::from(self.capacity).min(largest) as u32;
            let start = self.stopwatch.start();
            let kernels = self.prepare(held, constants, steps)?;
            let status = held.status(done, best, rejected);
            let Self { context, buffers, .. } = self;
            let bytes = bytemuck::bytes_of(&status);
            context.queue.write_buffer(buffers.get(Slot::Status)?, 0, bytes);
            self.stopwatch.stop("upload", start);
            let start = self.stopwatch.start();
            let (status, counters, history) = self.submit(held, &kernels, done..steps)?;
            self.stopwatch.stop("device", start);
            done = status.steps as usize;
            best = (status.best_step != NO_STEP).then_some(status.best_step as usize);
            (held.best_loss, rejected) = (status.best_loss, status.rejected);
            let no_room = status.halted == HALT_NO_ROOM;
            let pairs = counters.pairs();
            if no_room && pairs <= largest {
                self.capacity = (pairs + pairs / 4).min(largest) as u32;
                continue;
            }
            let count = held.target.data().len() as f64;
            let losses = history[..done].iter().map(|[l1, l2, mse_8bit, total]| {
                let [l1, l2, mse_8bit] = [l1, l2, mse_8bit].map(|sum| f64::from(*sum) / count);
                (LossTerms { l1, l2, ssim: 0.0, mse_8bit }, *total)
            });
            return Ok(Descended {
                losses: losses.collect(),
                rejected: (0..done)
                    .map(|step| rejected.unbounded_shr(step as u32) & 1 == 1)
                    .collect(),
                best,
                broken: !matches!(status.halted, 0 | HALT_NO_ROOM | HALT_NO_STEP)
                    || status.broken != 0,
                too_many_pairs: no_room.then_some((pairs, largest)),
            });
        }
    }

    /// Makes room, uploads what all steps share, compiles and binds.
    fn prepare(&mut self, held: &mut Held, constants: &[f32], steps: usize) -> Result<Vec<Kernel>> {
        let Self { context, buffers, pipelines, capacity, target, .. } = self;
        let target = Target::keep(target, &held.target);
        target.upload(context, buffers, Band::whole(held.extent.size))?;
        let frame = held.extent.frame(*capacity, Some(held.comparison())).bytes();
        context.guarded(|| {
            for slot in LIST_BUFFERS.into_iter().chain(DRAWING_BUFFERS) {
                buffers.ensure(context, slot, held.extent.bytes(slot, *capacity))?;
            }
            for slot in [Slot::Constants, Slot::History] {
                buffers.ensure(context, slot, held.bytes(slot, steps))?;
            }
            let queue = &context.queue;
            queue.write_buffer(buffers.get(Slot::Frame)?, 0, &frame);
            let constants = bytemuck::cast_slice(constants);
            queue.write_buffer(buffers.get(Slot::Constants)?, 0, constants);
            Ok(())
        })?;
        let kernels = held.kernels(target.is_8bit());
        pipelines.prepare(context, buffers, &kernels, held.shape().channels())?;
        held.programs.bind(context, buffers)?;
        Ok(kernels)
    }

    /// Submits the steps one by one, waits for the last, and reads how it went.
    fn submit(
        &mut self,
        held: &Held,
        kernels: &[Kernel],
        steps: Range<usize>,
    ) -> Result<(Status, Counters, Vec<[f32; 4]>)> {
        let history = held.bytes(Slot::History, steps.end);
        let Self { context, buffers, pipelines, readback, stopwatch, timestamps, .. } = self;
        let timestamps = Timestamps::while_on(timestamps, stopwatch.is_on(), context)?;
        let parts = held.parts(kernels);
        let dispatches = held.dispatches(context, pipelines, &parts, self.capacity)?;
        for _ in steps {
            context.guarded(|| {
                let mut encoder = context.device.create_command_encoder(&Default::default());
                encoder.clear_buffer(buffers.get(Slot::Counters)?, 0, None);
                encoder.clear_buffer(buffers.get(Slot::TileCounts)?, 0, None);
                encode(&mut encoder, &dispatches, timestamps);
                let times = timestamps.map(|t| t.collect(&mut encoder, dispatches.len()));
                let Some(times) = times else {
                    context.queue.submit([encoder.finish()]);
                    return Ok(());
                };
                // There is one place for the times: they are read before the next step.
                receive(context, readback, encoder, &[times])?;
                let durations = readback.read(times.1, |bytes| durations(context, bytes))?;
                for (dispatch, time) in dispatches.iter().zip(durations) {
                    stopwatch.add(dispatch.stage, time);
                }
                Ok(())
            })?;
        }
        let [status, counters] = [size_of::<Status>(), size_of::<Counters>()].map(|b| b as u64);
        context.guarded(|| {
            let encoder = context.device.create_command_encoder(&Default::default());
            let parts = [
                (buffers.get(Slot::Status)?, status),
                (buffers.get(Slot::Counters)?, counters),
                (buffers.get(Slot::History)?, history),
            ];
            receive(context, readback, encoder, &parts)
        })?;
        readback.read(status + counters + history, |bytes| {
            let (head, rest) = bytes.split_at(status as usize);
            let (middle, rest) = rest.split_at(counters as usize);
            (
                bytemuck::pod_read_unaligned(head),
                bytemuck::pod_read_unaligned(middle),
                bytemuck::pod_collect_to_vec(rest),
            )
        })
    }

    /// The first bytes of a buffer.
    pub(super) fn read(&mut self, slot: Slot, bytes: u64) -> Result<Vec<f32>> {
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let Self { context, buffers, readback, stopwatch, .. } = self;
        stopwatch.time("readback", || {
            context.guarded(|| {
                let encoder = context.device.create_command_encoder(&Default::default());
                receive(context, readback, encoder, &[(buffers.get(slot)?, bytes)])
            })?;
            readback.read(bytes, bytemuck::pod_collect_to_vec)
        })
    }
}

/// Submits what is encoded, with copies of `parts` at its end, and waits for it.
fn receive(
    context: &Context,
    readback: &mut Transfer,
    mut encoder: CommandEncoder,
    parts: &[Part<'_>],
) -> Result<()> {
    readback.receive(context, &mut encoder, parts)?;
    context.queue.submit([encoder.finish()]);
    readback.map();
    context.wait()
}
