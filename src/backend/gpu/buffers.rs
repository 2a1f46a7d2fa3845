//! The buffers of a device: one per slot, kept until a larger one is needed.

use wgpu::{Buffer, BufferDescriptor, BufferUsages};

use super::context::Context;
use super::kernels::Slot;
use crate::error::{Error, Result};

/// What new buffers hold where poison is asked for: a number that no sum survives unnoticed.
const POISON: f32 = -12345.0;

/// One buffer per slot.
#[derive(Default)]
pub(super) struct Buffers {
    slots: [Option<Buffer>; Slot::COUNT],
    /// Counts replacements, so that what refers to the buffers knows when to refer anew.
    pub(super) generation: u64,
}

impl Buffers {
    /// Makes sure that a slot has room for `bytes`. Contents are lost if it had not.
    pub(super) fn ensure(&mut self, context: &Context, slot: Slot, bytes: u64) -> Result<()> {
        let bytes = bytes.max(16).next_multiple_of(16);
        let place = &mut self.slots[slot as usize];
        if place.as_ref().is_some_and(|buffer| buffer.size() >= bytes) {
            return Ok(());
        }
        // The old one goes first: both together may not fit.
        *place = None;
        self.generation += 1;
        let usage = match slot {
            Slot::Frame => BufferUsages::UNIFORM,
            _ => BufferUsages::STORAGE | BufferUsages::COPY_SRC,
        };
        *place = Some(create(context, bytes, usage | BufferUsages::COPY_DST)?);
        Ok(())
    }

    /// The buffer of a slot.
    pub(super) fn get(&self, slot: Slot) -> Result<&Buffer> {
        self.slots[slot as usize]
            .as_ref()
            .ok_or_else(|| Error::Device(format!("buffer {slot:?} was never made")))
    }
}

/// A new buffer, poisoned where that is asked for.
fn create(context: &Context, bytes: u64, usage: BufferUsages) -> Result<Buffer> {
    let buffer = context.device.create_buffer(&BufferDescriptor {
        label: None,
        size: bytes,
        usage,
        mapped_at_creation: context.poison,
    });
    if context.poison {
        let mut view = buffer.get_mapped_range_mut(..).map_err(map_error)?;
        view.copy_from_slice(&POISON.to_le_bytes().repeat(bytes as usize / 4));
        drop(view);
        buffer.unmap();
    }
    Ok(buffer)
}

pub(super) fn map_error(error: wgpu::MapRangeError) -> Error {
    Error::Device(format!("memory of the device cannot be reached: {error}"))
}
