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

/// Bytes of a tile in the largest buffer that has a place for each: the sums of the loss.
pub(super) const TILE_BYTES: u64 = 16;

/// Bytes that may be read back along with a picture, in one buffer: counters and times.
const READ_BACK_BYTES: u64 = 256;

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

/// Checks that a picture is one that the kernels can draw, at once or in bands.
pub(super) fn check_picture(size: Size, channels: usize) -> Result<()> {
    if channels == 0 {
        return Err(Error::Invalid("a picture without channels cannot be drawn".into()));
    }
    within("channels", channels as u64, MAX_CHANNELS as u64)?;
    let pixels = (size.width as u64).saturating_mul(size.height as u64);
    within("values of a picture", pixels.saturating_mul(channels as u64), u32::MAX.into())
}

/// Most rows of a picture that a pass can work on: all of them, or whole rows of tiles.
/// `pixel_bytes` is what a pixel takes of the largest buffer of the picture's size.
///
/// # Errors
/// [`Error::Limit`] where not even one row of tiles fits, or the splats do not.
pub(super) fn rows_at_once(
    limits: &Limits,
    size: Size,
    splats: usize,
    channels: usize,
    pixel_bytes: u64,
) -> Result<usize> {
    check_picture(size, channels)?;
    let limit = largest_buffer(limits);
    let record = 16 * record_vectors(channels).max(partial_vectors(channels)) as u64;
    within("bytes of the Gaussians on this device", (splats as u64).saturating_mul(record), limit)?;
    let groups = u64::from(limits.max_compute_workgroups_per_dimension);
    let (tile, width) = (u64::from(TILE), size.width as u64);
    within("pixels of width", width, groups * tile)?;

    let limit = limit.min(limits.max_buffer_size.saturating_sub(READ_BACK_BYTES));
    let row_bytes = width * pixel_bytes;
    let [across, _] = tiles(size);
    let tile_rows = (limit / (across * TILE_BYTES).max(1)).min(groups);
    let rows = (limit / row_bytes.max(1)).min(tile_rows * tile);
    if rows >= size.height as u64 {
        return Ok(size.height);
    }
    within("bytes of a row of tiles on this device", row_bytes * tile, limit)?;
    within("bytes of the sums of a row of tiles on this device", across * TILE_BYTES, limit)?;
    Ok((rows / tile * tile) as usize)
}

/// Checks that a buffer is one that kernels can be bound to.
///
/// # Errors
/// [`Error::Limit`] where it is too large.
pub(super) fn check_buffer(limits: &Limits, bytes: u64) -> Result<()> {
    within("bytes of a buffer on this device", bytes, largest_buffer(limits))
}

fn within(what: &'static str, value: u64, limit: u64) -> Result<()> {
    match value <= limit {
        true => Ok(()),
        false => Err(Error::Limit { what, value, limit }),
    }
}
