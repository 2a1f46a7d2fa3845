//! Kernel: the pointwise loss of a band that was just drawn, whose gradient replaces it.

use pulp::{Simd, WithSimd};

use crate::blend::{self, Blend};
use crate::image::Image;
use crate::loss::{Loss, pointwise};

/// Sums over one row: `|d|`, `d^2`, and `d^2` of the 8-bit pictures.
pub(super) type RowSums = [f64; 3];

/// Values summed in one lane of `f32` before they go to `f64`: 255^2 x 128 x 2 is below 2^24, so
/// the 8-bit sum is exact.
const LANES: usize = 16;
const BLOCK: usize = 128 * LANES;

/// Turns rows of the picture into rows of the gradient.
pub(super) struct PointwiseLoss<'a> {
    pub(super) loss: &'a Loss,
    /// How the sums that were drawn make the picture.
    pub(super) blend: Blend,
    pub(super) target: &'a Image,
    /// First row of the band.
    pub(super) first_row: usize,
    /// Distance from one channel of a row to the next.
    pub(super) stride: usize,
    /// Rows of the band, `[rows, C, stride]`; with the coverage, `C + 1`.
    pub(super) pixels: &'a mut [f32],
    /// Sums of each row of the band.
    pub(super) sums: &'a mut [RowSums],
}

impl WithSimd for PointwiseLoss<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let size = self.target.size();
        let scale = (1.0 / self.target.data().len() as f64) as f32;
        let drawn = match self.blend {
            Blend::Additive => self.target.channels(),
            Blend::Normalized { .. } => self.target.channels() + 1,
        };
        let mut blocks = Blocks { inverse: [0.0; BLOCK], picture: [0.0; BLOCK] };
        let rows = self.pixels.chunks_exact_mut(drawn * self.stride);
        for ((i, row), sums) in rows.enumerate().zip(self.sums) {
            *sums = [0.0; 3];
            for padded in row.chunks_exact_mut(self.stride) {
                padded[size.width..].fill(0.0);
            }
            let first = (self.first_row + i) * size.width;
            for start in (0..size.width).step_by(BLOCK) {
                let columns = start..(start + BLOCK).min(size.width);
                let wanted = first + columns.start..first + columns.end;
                let target = |channel: usize| &self.target.plane(channel)[wanted.start..wanted.end];
                match self.blend {
                    Blend::Additive => {
                        for (channel, row) in row.chunks_exact_mut(self.stride).enumerate() {
                            let values = &mut row[columns.clone()];
                            add_block(self.loss, scale, values, target(channel), sums);
                        }
                    }
                    Blend::Normalized { epsilon } => {
                        let (colors, coverage) = row.split_at_mut((drawn - 1) * self.stride);
                        let coverage = &mut coverage[columns.clone()];
                        blocks.invert(coverage, epsilon);
                        for (channel, row) in colors.chunks_exact_mut(self.stride).enumerate() {
                            let values = &mut row[columns.clone()];
                            blocks.divide(values);
                            add_block(self.loss, scale, values, target(channel), sums);
                            blocks.pull_back(values, coverage);
                        }
                    }
                }
            }
        }
    }
}

/// What the normalized blend keeps of one block.
struct Blocks {
    /// One over the coverage.
    inverse: [f32; BLOCK],
    /// One channel of the picture.
    picture: [f32; BLOCK],
}

impl Blocks {
    /// Takes the coverage, whose place its gradient gets.
    #[inline(always)]
    fn invert(&mut self, coverage: &mut [f32], epsilon: f32) {
        for (inverse, weight) in self.inverse.iter_mut().zip(coverage) {
            *inverse = blend::inverse(*weight + epsilon);
            *weight = 0.0;
        }
    }

    /// From the sum of one channel to the picture.
    #[inline(always)]
    fn divide(&mut self, values: &mut [f32]) {
        for ((value, inverse), kept) in values.iter_mut().zip(&self.inverse).zip(&mut self.picture)
        {
            *value *= inverse;
            *kept = *value;
        }
    }

    /// From the picture's gradient to that of the channel's sum, and the coverage's share.
    #[inline(always)]
    fn pull_back(&self, gradient: &mut [f32], of_coverage: &mut [f32]) {
        let kept = self.inverse.iter().zip(&self.picture);
        for ((gradient, of_coverage), (inverse, value)) in
            gradient.iter_mut().zip(of_coverage).zip(kept)
        {
            *gradient *= inverse;
            *of_coverage -= *gradient * value;
        }
    }
}

/// One block: plain arrays, which the compiler turns into the vectors of the level.
#[inline(always)]
fn add_block(loss: &Loss, scale: f32, values: &mut [f32], target: &[f32], sums: &mut RowSums) {
    let mut lanes = [[0.0; LANES]; 3];
    let (values, values_end) = values.as_chunks_mut::<LANES>();
    let (target, target_end) = target.as_chunks::<LANES>();
    for (values, target) in values.iter_mut().zip(target) {
        for i in 0..LANES {
            let terms;
            (terms, values[i]) = pixel(loss, scale, values[i], target[i]);
            for (lanes, term) in lanes.iter_mut().zip(terms) {
                lanes[i] += term;
            }
        }
    }
    for (i, (value, target)) in values_end.iter_mut().zip(target_end).enumerate() {
        let terms;
        (terms, *value) = pixel(loss, scale, *value, *target);
        for (lanes, term) in lanes.iter_mut().zip(terms) {
            lanes[i] += term;
        }
    }
    for (sum, lanes) in sums.iter_mut().zip(&lanes) {
        *sum += lanes.iter().map(|v| f64::from(*v)).sum::<f64>();
    }
}

/// Terms and gradient of one value.
#[inline(always)]
fn pixel(loss: &Loss, scale: f32, picture: f32, target: f32) -> ([f32; 3], f32) {
    let (l1, l2, derivative) = pointwise(loss, picture, target);
    let d = quantise(picture) - quantise(target);
    ([l1, l2, d * d], derivative * scale)
}

/// The value in 8 bits.
#[inline(always)]
fn quantise(value: f32) -> f32 {
    (value.clamp(0.0, 1.0) * 255.0).round()
}
