//! Splats cut into pieces of few rows, sorted by place.
//!
//! Neighbours on the picture are worked on one after the other, so the pixels stay in the cache;
//! and no piece is large, so threads share the work evenly. The order depends on the splats
//! alone, never on the threads.

use super::footprint::Footprint;
use crate::image::Size;

/// Width and height of the cells that pieces are sorted into, in pixels.
const CELL_WIDTH: usize = 32;
const CELL_HEIGHT: usize = 16;

/// How splats are cut.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// At the rows of the picture that are multiples of the number, for drawing in bands.
    Picture(usize),
    /// Every so many rows from the splat's own first row.
    Splat(usize),
}

/// Some rows of one splat.
#[derive(Clone, Copy, Default)]
pub(super) struct Piece {
    pub(super) splat: u32,
    pub(super) first_row: u32,
    pub(super) end_row: u32,
}

/// All pieces, in order of (cell row, cell column, splat).
#[derive(Default)]
pub(super) struct Pieces {
    sorted: Vec<Piece>,
    /// Where each row of cells starts in `sorted`, and the end.
    cell_row_start: Vec<usize>,
    /// Place in `sorted` of the pieces in order of the splats.
    place: Vec<u32>,
    /// Where each splat starts in `place`, and the end.
    splat_start: Vec<u32>,
    cursor: Vec<u32>,
}

impl Pieces {
    /// Cuts and sorts; reuses the memory of the last call.
    pub(super) fn sort(&mut self, footprints: &[Footprint], size: Size, cut: Cut) {
        let columns = size.width.div_ceil(CELL_WIDTH);
        let rows = size.height.div_ceil(CELL_HEIGHT);
        let cell_of = |footprint: &Footprint, row: usize| {
            row / CELL_HEIGHT * columns + footprint.column as usize / CELL_WIDTH
        };
        self.cursor.clear();
        self.cursor.resize(rows * columns + 1, 0);
        self.splat_start.clear();
        let mut count = 0;
        for footprint in footprints {
            self.splat_start.push(count);
            for_each_piece(footprint, cut, |first_row, _| {
                self.cursor[cell_of(footprint, first_row) + 1] += 1;
                count += 1;
            });
        }
        self.splat_start.push(count);
        for cell in 0..rows * columns {
            self.cursor[cell + 1] += self.cursor[cell];
        }
        self.cell_row_start.clear();
        self.cell_row_start.extend((0..=rows).map(|row| self.cursor[row * columns] as usize));
        self.sorted.resize(count as usize, Piece::default());
        self.place.clear();
        for (splat, footprint) in footprints.iter().enumerate() {
            for_each_piece(footprint, cut, |first_row, end_row| {
                let place = &mut self.cursor[cell_of(footprint, first_row)];
                self.sorted[*place as usize] = Piece {
                    splat: splat as u32,
                    first_row: first_row as u32,
                    end_row: end_row as u32,
                };
                self.place.push(*place);
                *place += 1;
            });
        }
    }

    /// All pieces, sorted.
    pub(super) fn sorted(&self) -> &[Piece] {
        &self.sorted
    }

    /// The pieces that start in the band of [`Self::BAND_ROWS`] rows with this number.
    pub(super) fn band(&self, band: usize) -> &[Piece] {
        &self.sorted[self.cell_row_start[band]..self.cell_row_start[band + 1]]
    }

    /// Places of one splat's pieces in [`Self::sorted`], from the top.
    pub(super) fn places_of(&self, splat: usize) -> &[u32] {
        &self.place[self.splat_start[splat] as usize..self.splat_start[splat + 1] as usize]
    }

    /// Height of a band in rows.
    pub(super) const BAND_ROWS: usize = CELL_HEIGHT;
}

#[inline]
fn for_each_piece(footprint: &Footprint, cut: Cut, mut visit: impl FnMut(usize, usize)) {
    let (mut row, end) = (footprint.first_row as usize, footprint.end_row as usize);
    while row < end {
        let next = match cut {
            Cut::Picture(rows) => (row / rows + 1) * rows,
            Cut::Splat(rows) => row + rows,
        };
        visit(row, next.min(end));
        row = next;
    }
}
