//! What fits on a device, asked before anything is allocated for it.

use wgpu::Limits;

use super::capabilities::TILE;
use super::kernels::{partial_vectors, record_vectors};
use crate::error::{Error, Result};
use crate::image::Size;

/// Most channels that the kernels are written for.
pub(super) const MAX_CHANNELS: usize = 5;

/// Bytes of an entry of the unsorted pairs.
pub(super) const ENTRY_BYTES: u64 = 12;

/// Bytes of an entry of the tiles' lists.
pub(super) const LIST_BYTES: u64 = 8;

/// Number of tiles across and down.
pub(super) fn tiles(size: Size) -> [u64; 2] {
    [size.width, size.height].map(|pixels| pixels.div_ceil(TILE as usize) as u64)
}

/// Bytes of a pair's partial moments.
pub(super) fn partial_bytes(channels: usize) -> u64 {
    16 * partial_vectors(channels) as u64
}

/// The largest buffer that a kernel can be bound to.
pub(super) fn largest_buffer(limits: &Limits) -> u64 {
    // Kernels count in 32 bits, and in units of four bytes.
    let indexable = u64::from(u32::MAX) * 4;
    limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(indexable)
}

/// Most (splat, tile) pairs that fit.
pub(super) fn largest_capacity(limits: &Limits, channels: usize, backward: bool) -> u64 {
    let pair = if backward { partial_bytes(channels).max(ENTRY_BYTES) } else { ENTRY_BYTES };
    (largest_buffer(limits) / pair).min(u64::from(u32::MAX / 4))
}

/// Checks that a picture and its splats fit.
pub(super) fn check(limits: &Limits, size: Size, splats: usize, channels: usize) -> Result<()> {
    let limit = largest_buffer(limits);
    let within = |what, value: u64, limit: u64| match value <= limit {
        true => Ok(()),
        false => Err(Error::Limit { what, value, limit }),
    };
    if channels == 0 {
        return Err(Error::Invalid("a picture without channels cannot be drawn".into()));
    }
    within("channels", channels as u64, MAX_CHANNELS as u64)?;
    let groups = u64::from(limits.max_compute_workgroups_per_dimension);
    let [across, down] = tiles(size);
    within("pixels of width", size.width as u64, groups * u64::from(TILE))?;
    within("pixels of height", size.height as u64, groups * u64::from(TILE))?;
    let picture = (size.width as u64).saturating_mul(size.height as u64);
    within("bytes of the picture on this device", picture * 4 * channels as u64, limit)?;
    within("bytes of the sums of the loss on this device", across * down * 16, limit)?;
    let record = 16 * record_vectors(channels).max(partial_vectors(channels)) as u64;
    within("bytes of the Gaussians on this device", (splats as u64).saturating_mul(record), limit)
}
