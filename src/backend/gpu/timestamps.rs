//! Times that the device takes before and after every kernel.

use std::time::Duration;

use wgpu::{
    Buffer, BufferDescriptor, BufferUsages, CommandEncoder, ComputePassTimestampWrites, Features,
    QuerySet, QuerySetDescriptor, QueryType,
};

use super::context::Context;
use crate::error::Result;

/// Most kernels of a pass: those of an L-BFGS step that remembers 64 pairs.
const MOST_KERNELS: u32 = 288;

/// Bytes of the times of one kernel: before and after.
const KERNEL_BYTES: u64 = 2 * wgpu::QUERY_SIZE as u64;

/// Places for the times of one pass.
pub(super) struct Timestamps {
    queries: QuerySet,
    resolved: Buffer,
}

impl Timestamps {
    /// Places on a device that can take times; nothing on another one.
    fn new(context: &Context) -> Option<Self> {
        let device = &context.device;
        device.features().contains(Features::TIMESTAMP_QUERY).then(|| Self {
            queries: device.create_query_set(&QuerySetDescriptor {
                label: None,
                ty: QueryType::Timestamp,
                count: 2 * MOST_KERNELS,
            }),
            resolved: device.create_buffer(&BufferDescriptor {
                label: None,
                size: KERNEL_BYTES * u64::from(MOST_KERNELS),
                usage: BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
        })
    }

    /// The places, made where they are missing, if times are to be taken and the device can.
    pub(super) fn while_on<'a>(
        kept: &'a mut Option<Self>,
        on: bool,
        context: &Context,
    ) -> Result<Option<&'a Self>> {
        if on && kept.is_none() {
            *kept = context.guarded(|| Ok(Self::new(context)))?;
        }
        Ok(kept.as_ref().filter(|_| on))
    }

    /// Where the times of a kernel go, by its place in the pass.
    pub(super) fn around(&self, kernel: usize) -> ComputePassTimestampWrites<'_> {
        let first = 2 * kernel as u32;
        ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        }
    }

    /// Encodes the collection of the times of the first `kernels`; gives where they are, and how
    /// many bytes.
    pub(super) fn collect(&self, encoder: &mut CommandEncoder, kernels: usize) -> (&Buffer, u64) {
        encoder.resolve_query_set(&self.queries, 0..2 * kernels as u32, &self.resolved, 0);
        (&self.resolved, KERNEL_BYTES * kernels as u64)
    }
}

/// How long every kernel took, from the bytes that were collected.
pub(super) fn durations(context: &Context, bytes: &[u8]) -> Vec<Duration> {
    let nanoseconds = f64::from(context.queue.get_timestamp_period());
    let kernels = bytes.chunks_exact(KERNEL_BYTES as usize);
    kernels
        .map(|times| {
            let [before, after]: [u64; 2] = bytemuck::pod_read_unaligned(times);
            // A clock that was set back between the two took no time.
            let ticks = after.saturating_sub(before) as f64;
            Duration::try_from_secs_f64(ticks * nanoseconds * 1e-9).unwrap_or_default()
        })
        .collect()
}
