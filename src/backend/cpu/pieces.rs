//! Splats cut into pieces of few rows, sorted by place.
//!
//! Neighbours on the picture are worked on one after the other, so the pixels stay in the cache;
//! and no piece is large, so threads share the work evenly. The order depends on the splats
//! alone, never on the threads.

use super::footprint::Footprint;
use crate::image::Size;

/// Width and height of the cells that pieces are sorted into, in pixels.
const CELL_WIDTH: usize = 32;
const CELL_HEIGHT: usize = BAND_ROWS;

/// Width of the strips that moments are summed in, in cells: the rows that a strip's splats reach
/// stay in the second-level cache, however wide the picture is.
const STRIP_CELLS: usize = 32;

/// Height of the bands that are drawn by one thread each: with cells of that width, the pixels
/// of neighbouring splats stay in the first-level cache.
pub(super) const BAND_ROWS: usize = 16;

/// Most rows of a splat whose moments one thread sums: a few huge splats are shared out.
const PIECE_ROWS: usize = 64;

/// How splats are cut.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// At the bands of the picture, [`BAND_ROWS`] rows each, for drawing.
    Bands,
    /// Every [`PIECE_ROWS`] rows from the splat's own first row, for moments.
    Splats,
}

/// Some rows of one splat.
#[derive(Clone, Copy, Default)]
pub(super) struct Piece {
    pub(super) splat: u32,
    pub(super) first_row: u32,
    pub(super) end_row: u32,
}

/// All pieces, in order of (strip, cell row, cell column, splat); bands are one strip.
#[derive(Default)]
pub(super) struct Pieces {
    sorted: Vec<Piece>,
    /// Where each row of cells starts in `sorted`, and the end; of bands only.
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
        let strip = match cut {
            Cut::Bands => columns,
            Cut::Splats => STRIP_CELLS,
        };
        let cell_of = |footprint: &Footprint, row: usize| {
            let column = footprint.column as usize / CELL_WIDTH;
            let first = column / strip * strip;
            // Strips before this one are full.
            first * rows + row / CELL_HEIGHT * strip.min(columns - first) + column - first
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
        if cut == Cut::Bands {
            self.cell_row_start.extend((0..=rows).map(|row| self.cursor[row * columns] as usize));
        }
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

    /// The pieces that start in the band of [`BAND_ROWS`] rows with this number.
    pub(super) fn band(&self, band: usize) -> &[Piece] {
        &self.sorted[self.cell_row_start[band]..self.cell_row_start[band + 1]]
    }

    /// Places of one splat's pieces in [`Self::sorted`], from the top.
    pub(super) fn places_of(&self, splat: usize) -> &[u32] {
        &self.place[self.splat_start[splat] as usize..self.splat_start[splat + 1] as usize]
    }
}

#[inline(always)]
fn for_each_piece(footprint: &Footprint, cut: Cut, mut visit: impl FnMut(usize, usize)) {
    let (mut row, end) = (footprint.first_row as usize, footprint.end_row as usize);
    while row < end {
        let next = match cut {
            Cut::Bands => (row / BAND_ROWS + 1) * BAND_ROWS,
            Cut::Splats => row + PIECE_ROWS,
        };
        visit(row, next.min(end));
        row = next;
    }
}
