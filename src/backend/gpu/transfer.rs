//! Host memory that the device copies from and to, mapped again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use wgpu::{Buffer, BufferDescriptor, BufferUsages, CommandEncoder, MapMode};

use super::buffers::map_error;
use super::context::Context;
use crate::error::{Error, Result};

/// A part of the host memory for a buffer of the device: buffer and length in bytes.
pub(super) type Part<'a> = (&'a Buffer, u64);

/// One direction of transfer.
pub(super) struct Transfer {
    mode: MapMode,
    buffer: Option<Buffer>,
    /// Set by the device once the buffer is mapped.
    mapped: Arc<AtomicBool>,
}

impl Transfer {
    /// Memory that the host writes and the device reads.
    pub(super) fn upload() -> Self {
        Self { mode: MapMode::Write, buffer: None, mapped: Arc::default() }
    }

    /// Memory that the device writes and the host reads.
    pub(super) fn readback() -> Self {
        Self { mode: MapMode::Read, buffer: None, mapped: Arc::default() }
    }

    fn ensure(&mut self, context: &Context, bytes: u64) -> Result<&Buffer> {
        let write = self.mode == MapMode::Write;
        // An upload that was not mapped again belongs to a pass that failed.
        let ready = !write || self.mapped.load(Ordering::Acquire);
        let fits = self.buffer.as_ref().is_some_and(|buffer| buffer.size() >= bytes);
        if !fits || !ready {
            self.buffer = None;
            let usage = match write {
                true => BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC,
                false => BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            };
            self.buffer = Some(context.device.create_buffer(&BufferDescriptor {
                label: None,
                size: bytes.max(16).next_multiple_of(16),
                usage,
                mapped_at_creation: write,
            }));
        }
        self.buffer.as_ref().ok_or_else(|| Error::Device("no memory for transfers".into()))
    }

    /// Writes `parts` and encodes their copies to the device.
    pub(super) fn send(
        &mut self,
        context: &Context,
        encoder: &mut CommandEncoder,
        parts: &[(&Buffer, &[u8])],
    ) -> Result<()> {
        let total: usize = parts.iter().map(|(_, bytes)| bytes.len()).sum();
        let buffer = self.ensure(context, total as u64)?;
        let mut view = buffer.get_mapped_range_mut(..).map_err(map_error)?;
        let mut start = 0;
        for (_, bytes) in parts {
            view.slice(start..start + bytes.len()).copy_from_slice(bytes);
            start += bytes.len();
        }
        drop(view);
        buffer.unmap();
        let mut start = 0;
        for (target, bytes) in parts {
            let length = bytes.len() as u64;
            if length > 0 {
                encoder.copy_buffer_to_buffer(buffer, start, target, 0, length);
            }
            start += length;
        }
        self.mapped.store(false, Ordering::Release);
        Ok(())
    }

    /// Encodes copies of `parts` from the device, one after the other.
    pub(super) fn receive(
        &mut self,
        context: &Context,
        encoder: &mut CommandEncoder,
        parts: &[Part<'_>],
    ) -> Result<()> {
        let total = parts.iter().map(|(_, bytes)| bytes).sum();
        let buffer = self.ensure(context, total)?;
        let mut start = 0;
        for &(source, bytes) in parts {
            if bytes > 0 {
                encoder.copy_buffer_to_buffer(source, 0, buffer, start, bytes);
            }
            start += bytes;
        }
        Ok(())
    }

    /// Asks for the memory to be mapped once the device is done with it.
    pub(super) fn map(&mut self) {
        if let Some(buffer) = &self.buffer {
            // A flag of its own for every pass: a late answer to a failed one changes nothing.
            self.mapped = Arc::default();
            let mapped = Arc::clone(&self.mapped);
            buffer.map_async(self.mode, .., move |result| {
                mapped.store(result.is_ok(), Ordering::Release);
            });
        }
    }

    /// Lets `read` see the first `bytes` of what was received, then gives the memory back.
    pub(super) fn read<T>(&mut self, bytes: u64, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let buffer = match &self.buffer {
            Some(buffer) if self.mapped.load(Ordering::Acquire) => buffer,
            _ => return Err(Error::Device("the device did not answer".into())),
        };
        let view = buffer.get_mapped_range(..bytes.max(4)).map_err(map_error)?;
        let value = read(&view[..bytes as usize]);
        drop(view);
        buffer.unmap();
        self.mapped.store(false, Ordering::Release);
        Ok(value)
    }
}
