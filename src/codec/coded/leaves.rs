//! The leaves of the picture: squares that the stream goes through row by row.

use super::atom::POSITION_BITS;
use super::lattice::Square;
use crate::image::Size;

/// Side of a leaf in pixels.
const SIDE_PX: i64 = 8;

/// Leaves reach this far beyond the picture, for centres outside.
pub const MARGIN_PX: i64 = 16;

/// The grid of leaves of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaves {
    size: Size,
    /// Leaves in a row.
    pub columns: usize,
    /// Rows of leaves.
    pub rows: usize,
}

impl Leaves {
    /// The leaves of a picture of `size`.
    pub fn new(size: Size) -> Self {
        let count = |side: usize| (side + 2 * MARGIN_PX as usize).div_ceil(SIDE_PX as usize);
        Self { size, columns: count(size.width), rows: count(size.height) }
    }

    /// Column and row of the leaf of a position, with [`POSITION_BITS`] behind the point;
    /// nothing where there is none.
    pub fn of(&self, position: [i64; 2]) -> Option<[usize; 2]> {
        let place = position.map(|v| ((v >> POSITION_BITS) + MARGIN_PX).div_euclid(SIDE_PX));
        let [x, y] = [usize::try_from(place[0]).ok()?, usize::try_from(place[1]).ok()?];
        (x < self.columns && y < self.rows).then_some([x, y])
    }

    /// The square of a leaf.
    pub fn square(&self, column: usize, row: usize) -> Square {
        let start = |index: usize| (index as i64 * SIDE_PX - MARGIN_PX) << POSITION_BITS;
        Square { corner: [start(column), start(row)], side: SIDE_PX << POSITION_BITS }
    }

    /// Whether a leaf lies outside the picture, or partly so.
    pub fn is_outside(&self, column: usize, row: usize) -> bool {
        let outside = |index: usize, side: usize| {
            let start = index as i64 * SIDE_PX - MARGIN_PX;
            start < 0 || start >= side as i64
        };
        outside(column, self.size.width) || outside(row, self.size.height)
    }
}
