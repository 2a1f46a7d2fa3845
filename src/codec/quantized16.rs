//! Chunk `GU16`: every parameter in 65 536 steps over its own range.
//!
//! Less than half the size of `GF32`. Positions are exact to 1/131 070 of their range, which is
//! 0.006 px for a picture 768 pixels wide and 0.06 px for one of 7 680: fine detail in very large
//! pictures wants 32 bits.

use super::bytes::Bytes;
use super::malformed;
use crate::error::Result;
use crate::gaussians::Gaussians;

/// Position x and y, logarithms of both standard deviations, angle.
const GEOMETRY_FIELDS: usize = 5;

/// Steps between the ends of a range.
const STEPS: f64 = 65535.0;

/// Bytes of the payload, in 64 bits: on small machines the product may not fit a `usize`.
fn length(count: u64, channels: usize) -> u64 {
    let fields = (GEOMETRY_FIELDS + channels) as u64;
    4 + fields * 8 + count * fields * 2
}

pub(super) fn write(gaussians: &Gaussians, out: &mut Vec<u8>) {
    let channels = gaussians.channels();
    out.reserve(length(gaussians.len() as u64, channels) as usize);
    out.extend_from_slice(&(gaussians.len() as u32).to_le_bytes());

    let geometry: Vec<[f32; GEOMETRY_FIELDS]> = gaussians
        .mean_px
        .iter()
        .zip(&gaussians.factor_px)
        .map(|(mean, factor)| {
            let [log_s1, log_s2, angle] = axes(*factor);
            [mean[0], mean[1], log_s1, log_s2, angle]
        })
        .collect();
    let geometry_fields = (0..GEOMETRY_FIELDS)
        .map(|field| geometry.iter().map(|values| values[field]).collect::<Vec<f32>>());
    let color_fields = (0..channels).map(|channel| {
        gaussians.color.iter().skip(channel).step_by(channels).copied().collect::<Vec<f32>>()
    });
    let fields: Vec<Vec<f32>> = geometry_fields.chain(color_fields).collect();

    let ranges: Vec<Range> = fields.iter().map(|values| Range::of(values)).collect();
    for range in &ranges {
        out.extend_from_slice(&range.low.to_le_bytes());
        out.extend_from_slice(&range.high.to_le_bytes());
    }
    for (range, values) in ranges.iter().zip(&fields) {
        for value in values {
            out.extend_from_slice(&range.quantize(*value).to_le_bytes());
        }
    }
}

/// Number of Gaussians, once the payload's length agrees with it.
pub(super) fn count(payload: &[u8], channels: usize) -> Result<usize> {
    let count = Bytes(payload).u32()?;
    if payload.len() as u64 != length(u64::from(count), channels) {
        return Err(malformed(format!(
            "{count} Gaussians of {channels} channels do not take {} bytes",
            payload.len()
        )));
    }
    Ok(count as usize)
}

/// The Gaussians, not yet checked but for their ranges.
pub(super) fn read(payload: &[u8], channels: usize) -> Result<Gaussians> {
    let count = count(payload, channels)?;
    let mut bytes = Bytes(payload);
    bytes.take(4)?;
    let ranges = (0..GEOMETRY_FIELDS + channels)
        .map(|_| Range::read(&mut bytes))
        .collect::<Result<Vec<Range>>>()?;
    let fields = ranges
        .iter()
        .map(|range| Ok((range, bytes.take(2 * count)?.as_chunks::<2>().0)))
        .collect::<Result<Vec<_>>>()?;
    let value = |field: usize, index: usize| -> f64 {
        let (range, steps) = fields[field];
        range.value(u16::from_le_bytes(steps[index]))
    };

    let mut gaussians = Gaussians::empty(channels);
    gaussians.mean_px = (0..count).map(|i| [value(0, i) as f32, value(1, i) as f32]).collect();
    gaussians.factor_px =
        (0..count).map(|i| factor(value(2, i), value(3, i), value(4, i))).collect();
    gaussians.color = (0..count)
        .flat_map(|i| (0..channels).map(move |channel| (i, GEOMETRY_FIELDS + channel)))
        .map(|(i, field)| value(field, i) as f32)
        .collect();
    Ok(gaussians)
}

/// From where to where the 65 536 steps of a field go.
#[derive(Clone, Copy, Debug)]
struct Range {
    low: f32,
    high: f32,
}

impl Range {
    fn of(values: &[f32]) -> Self {
        let Some(first) = values.first() else { return Self { low: 0.0, high: 0.0 } };
        let low = values.iter().copied().fold(*first, f32::min);
        let high = values.iter().copied().fold(*first, f32::max);
        Self { low, high }
    }

    fn read(bytes: &mut Bytes) -> Result<Self> {
        let (low, high) = (bytes.f32()?, bytes.f32()?);
        if !low.is_finite() || !high.is_finite() || low > high {
            return Err(malformed(format!("{low} to {high} is no range")));
        }
        Ok(Self { low, high })
    }

    fn width(self) -> f64 {
        f64::from(self.high) - f64::from(self.low)
    }

    fn quantize(self, value: f32) -> u16 {
        if self.width() == 0.0 {
            return 0;
        }
        ((f64::from(value) - f64::from(self.low)) / self.width() * STEPS).round() as u16
    }

    fn value(self, step: u16) -> f64 {
        f64::from(self.low) + self.width() * f64::from(step) / STEPS
    }
}

/// Logarithms of the standard deviations in pixels, largest first, and the angle of the first
/// axis in (-pi/2, pi/2], of the covariance `L L^T`.
fn axes(factor: [f32; 4]) -> [f32; 3] {
    let [l00, l01, l10, l11] = factor.map(f64::from);
    let (xx, yy) = (l00 * l00 + l01 * l01, l10 * l10 + l11 * l11);
    let xy = l00 * l10 + l01 * l11;
    let angle = 0.5 * f64::atan2(2.0 * xy, xx - yy);
    // Singular values of L, not roots of the eigenvalues of L L^T: those of thin Gaussians cancel.
    let sum = f64::hypot(l00 + l11, l01 - l10);
    let difference = f64::hypot(l00 - l11, l01 + l10);
    let s1 = 0.5 * (sum + difference);
    let s2 = (l00 * l11 - l01 * l10).abs() / s1;
    [s1.ln() as f32, s2.ln() as f32, angle as f32]
}

/// `L` from logarithms of the standard deviations and the angle of the first axis.
fn factor(log_s1: f64, log_s2: f64, angle: f64) -> [f32; 4] {
    let (s1, s2) = (log_s1.exp(), log_s2.exp());
    let (sin, cos) = angle.sin_cos();
    [cos * s1, -sin * s2, sin * s1, cos * s2].map(|value| value as f32)
}
