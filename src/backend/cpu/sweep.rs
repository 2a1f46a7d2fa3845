//! The walk over the rows of a splat that all kernels share.

use pulp::Simd;

use super::footprint::{Footprint, ROWS_AT_ONCE, Spans};
use super::pieces::Piece;

/// Where the pixels of a picture, or of a band of it, are in memory.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// Columns of the picture.
    pub(super) width: usize,
    /// Row of the picture that the memory starts with.
    pub(super) first_row: usize,
    /// Distance from one channel of a row to the next; the next row follows the last channel.
    pub(super) stride: usize,
}

/// One row of a splat inside its support.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Place of the first channel's first pixel in memory.
    pub(super) place: usize,
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
    /// Works on one row, which may have no vectors.
    fn row(&mut self, simd: S, row: &Row);
}

/// Calls `kernel` for every row of the piece.
#[inline(always)]
pub(super) fn sweep<S: Simd, const C: usize>(
    simd: S,
    footprint: &Footprint,
    piece: Piece,
    layout: Layout,
    kernel: &mut impl RowKernel<S>,
) {
    let mut spans = Spans::default();
    let (mut first, end) = (piece.first_row as usize, piece.end_row as usize);
    while first < end {
        footprint.spans(first, layout.width, &mut spans);
        for i in 0..ROWS_AT_ONCE.min(end - first) {
            let y = first + i - layout.first_row;
            let row = Row {
                place: y * C * layout.stride + spans.start[i] as usize,
                vectors: (spans.length[i].max(0) as usize).div_ceil(S::F32_LANES),
                u: spans.u[i],
                offset: spans.offset[i],
                dy: spans.dy[i],
            };
            kernel.row(simd, &row);
        }
        first += ROWS_AT_ONCE;
    }
}
