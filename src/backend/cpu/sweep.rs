//! The walk over the rows of a splat that all kernels share.

use pulp::Simd;

use super::footprint::{Footprint, ROWS_AT_ONCE, Spans};
use super::pieces::Piece;

/// One row of a splat inside its support.
pub(super) struct Row {
    /// Row of the picture.
    pub(super) y: usize,
    /// First pixel.
    pub(super) start: usize,
    /// Number of vectors; the last may end outside the support or in the padding.
    pub(super) vectors: usize,
    /// `u` of the first pixel, see [`Footprint`].
    pub(super) u: f32,
    /// Exponent of two where `u = 0`.
    pub(super) offset: f32,
    /// Row's centre minus mean.
    pub(super) dy: f32,
}

/// What a kernel does with each row.
pub(super) trait RowKernel<S: Simd> {
    /// Works on one row.
    fn row(&mut self, simd: S, row: &Row);
}

/// Calls `kernel` for every row of the piece that has pixels.
#[inline(always)]
pub(super) fn sweep<S: Simd>(
    simd: S,
    footprint: &Footprint,
    piece: Piece,
    width: usize,
    kernel: &mut impl RowKernel<S>,
) {
    let mut spans = Spans::default();
    let (mut first, end) = (piece.first_row as usize, piece.end_row as usize);
    while first < end {
        footprint.spans(first, width, &mut spans);
        for i in 0..ROWS_AT_ONCE.min(end - first) {
            if spans.length[i] > 0 {
                let row = Row {
                    y: first + i,
                    start: spans.start[i] as usize,
                    vectors: (spans.length[i] as usize).div_ceil(S::F32_LANES),
                    u: spans.u[i],
                    offset: spans.offset[i],
                    dy: spans.dy[i],
                };
                kernel.row(simd, &row);
            }
        }
        first += ROWS_AT_ONCE;
    }
}

/// The `C` channels of `vectors` vectors from pixel `start` of a row.
#[inline(always)]
pub(super) fn lanes<S: Simd, const C: usize>(
    row: &[f32],
    stride: usize,
    start: usize,
    vectors: usize,
) -> [&[S::f32s]; C] {
    std::array::from_fn(|channel| {
        let values = &row[channel * stride + start..][..vectors * S::F32_LANES];
        S::as_simd_f32s(values).0
    })
}

/// As [`lanes`], to write to.
#[inline(always)]
pub(super) fn lanes_mut<S: Simd, const C: usize>(
    row: &mut [f32],
    stride: usize,
    start: usize,
    vectors: usize,
) -> [&mut [S::f32s]; C] {
    let mut channels = row.chunks_exact_mut(stride);
    std::array::from_fn(|_| {
        let values = channels.next().unwrap_or_default();
        S::as_mut_simd_f32s(&mut values[start..][..vectors * S::F32_LANES]).0
    })
}
