//! Rows of a splat unrolled into a list of vectors.
//!
//! Rows are short, two or three vectors, and their number changes from row to row: a loop over
//! each of them loses time to mispredicted branches. The list is filled without branches, and
//! the kernel's loop over it is long.

use pulp::Simd;

use super::sweep::{Row, RowKernel};

/// Vectors that are listed at once, needed or not.
const AT_ONCE: usize = 4;

/// Room of the list.
const CAPACITY: usize = 256;

/// Vectors of one splat.
pub(super) struct Vectors {
    count: usize,
    place: [u32; CAPACITY],
    u: [f32; CAPACITY],
    offset: [f32; CAPACITY],
    dy: [f32; CAPACITY],
}

/// One vector; the fields are those of [`Row`].
#[derive(Clone, Copy)]
pub(super) struct Vector {
    pub(super) place: usize,
    pub(super) u: f32,
    pub(super) offset: f32,
    pub(super) dy: f32,
}

impl Vectors {
    pub(super) fn new() -> Self {
        let zeros = [0.0; CAPACITY];
        Self { count: 0, place: [0; CAPACITY], u: zeros, offset: zeros, dy: zeros }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Whether there is no room for another group: the list must be worked off and cleared.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.count > CAPACITY - AT_ONCE
    }

    /// Moves vectors from the front of `row` into the list; says whether some are left. The list
    /// must not be full.
    #[inline(always)]
    pub(super) fn take(&mut self, lanes: usize, row: &mut Row) -> bool {
        let at = self.count.min(CAPACITY - AT_ONCE);
        for i in 0..AT_ONCE {
            self.place[at + i] = (row.place + i * lanes) as u32;
            self.u[at + i] = row.u + (i * lanes) as f32;
            self.offset[at + i] = row.offset;
            self.dy[at + i] = row.dy;
        }
        self.count = at + row.vectors.min(AT_ONCE);
        row.vectors = row.vectors.saturating_sub(AT_ONCE);
        row.place += AT_ONCE * lanes;
        row.u += (AT_ONCE * lanes) as f32;
        row.vectors > 0
    }

    #[inline(always)]
    pub(super) fn iter(&self) -> impl Iterator<Item = Vector> {
        let count = self.count.min(CAPACITY);
        let geometry = self.u[..count].iter().zip(&self.offset[..count]).zip(&self.dy[..count]);
        self.place[..count].iter().zip(geometry).map(|(place, ((u, offset), dy))| Vector {
            place: *place as usize,
            u: *u,
            offset: *offset,
            dy: *dy,
        })
    }
}

/// A kernel that works on lists of vectors rather than on rows.
pub(super) trait VectorKernel<S: Simd> {
    /// The list.
    fn vectors(&mut self) -> &mut Vectors;

    /// Works off the list and clears it.
    fn flush(&mut self, simd: S);
}

/// Lists the vectors of every row for a kernel, which must be flushed at the end.
pub(super) struct ByVectors<K>(pub(super) K);

impl<S: Simd, K: VectorKernel<S>> RowKernel<S> for ByVectors<K> {
    #[inline(always)]
    fn row(&mut self, simd: S, row: &Row) {
        let mut rest = *row;
        loop {
            if self.0.vectors().is_full() {
                self.0.flush(simd);
            }
            if !self.0.vectors().take(S::F32_LANES, &mut rest) {
                break;
            }
        }
    }
}

/// One vector in memory, which need not be aligned.
#[inline(always)]
pub(super) fn vector_mut<S: Simd>(pixels: &mut [f32], place: usize) -> &mut S::f32s {
    &mut S::as_mut_simd_f32s(&mut pixels[place..][..S::F32_LANES]).0[0]
}
