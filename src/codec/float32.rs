//! Chunk `GF32`: every parameter as a 32-bit float, to the bit.

use super::bytes::{Bytes, floats};
use super::malformed;
use crate::error::Result;
use crate::gaussians::Gaussians;

/// Bytes of one Gaussian.
fn stride(channels: usize) -> usize {
    4 * (2 + 4 + channels)
}

pub(super) fn write(gaussians: &Gaussians, out: &mut Vec<u8>) {
    out.reserve(4 + gaussians.len() * stride(gaussians.channels()));
    out.extend_from_slice(&(gaussians.len() as u32).to_le_bytes());
    let means = gaussians.mean_px.as_flattened().iter();
    let factors = gaussians.factor_px.as_flattened().iter();
    for value in means.chain(factors).chain(&gaussians.color) {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Number of Gaussians, once the payload's length agrees with it.
pub(super) fn count(payload: &[u8], channels: usize) -> Result<usize> {
    let count = Bytes(payload).u32()? as usize;
    // In 64 bits: on small machines the product may not fit a `usize`.
    if payload.len() as u64 != 4 + count as u64 * stride(channels) as u64 {
        return Err(malformed(format!(
            "{count} Gaussians of {channels} channels do not take {} bytes",
            payload.len()
        )));
    }
    Ok(count)
}

/// The Gaussians as they stand, not yet checked.
pub(super) fn read(payload: &[u8], channels: usize) -> Result<Gaussians> {
    let count = count(payload, channels)?;
    let mut bytes = Bytes(payload);
    bytes.take(4)?;
    let mut gaussians = Gaussians::empty(channels);
    let means: Vec<f32> = floats(bytes.take(8 * count)?).collect();
    gaussians.mean_px = means.as_chunks::<2>().0.to_vec();
    let factors: Vec<f32> = floats(bytes.take(16 * count)?).collect();
    gaussians.factor_px = factors.as_chunks::<4>().0.to_vec();
    gaussians.color = floats(bytes.take(4 * channels * count)?).collect();
    Ok(gaussians)
}
