//! The atoms around a leaf that are known when it is coded.

use super::neighbours::Known;

/// Offsets in columns and rows that are looked at for neighbours, nearest first. What lies ahead
/// in the walk is known from earlier layers only.
const NEARBY: [[isize; 2]; 17] = [
    [0, 0],
    [-1, 0],
    [0, -1],
    [1, 0],
    [0, 1],
    [1, -1],
    [-1, -1],
    [-1, 1],
    [1, 1],
    [-2, 0],
    [0, -2],
    [2, 0],
    [0, 2],
    [2, -1],
    [-2, -1],
    [-1, -2],
    [1, -2],
];

/// Neighbours that are enough.
const ENOUGH: usize = 6;

/// Rows above and below that [`NEARBY`] reaches.
const REACH: usize = 2;

/// What is known so far. Rows grow leaf by leaf: a stream that claims a vast picture takes no
/// memory before it has paid for it in bits.
#[derive(Default)]
pub struct Surroundings {
    row: usize,
    /// The row that the walk is in, up to the leaf that it is in.
    current: Row,
    /// The two rows above, nearest first.
    above: [Row; REACH],
    /// The atoms of earlier layers.
    earlier: Earlier,
    /// Those of this one by row and column, if another layer follows.
    passed: Option<Vec<Placed>>,
}

/// An atom, with the row and column of its leaf.
type Placed = ([usize; 2], Known);

/// The atoms of a row of leaves.
#[derive(Default)]
struct Row {
    /// Where each leaf begins.
    starts: Vec<usize>,
    known: Vec<Known>,
}

impl Row {
    /// The atoms of a leaf; none where the row does not reach.
    fn leaf(&self, column: usize) -> &[Known] {
        let Some(start) = self.starts.get(column) else { return &[] };
        let end = self.starts.get(column + 1).copied().unwrap_or(self.known.len());
        &self.known[*start..end]
    }
}

/// The atoms of all layers before.
#[derive(Default)]
struct Earlier {
    /// By row and column.
    sorted: Vec<Placed>,
    /// The first of `sorted` that is not in a row yet.
    next: usize,
    /// The rows around the current one, from the top.
    rows: [Row; 2 * REACH + 1],
}

impl Earlier {
    /// Takes in the atoms of one more layer and goes back to the first row.
    fn begin_layer(&mut self, passed: &mut Vec<Placed>) {
        self.sorted.append(passed);
        // Stable: a leaf has its atoms layer by layer.
        self.sorted.sort_by_key(|(leaf, _)| *leaf);
        self.next = 0;
        self.rows = Default::default();
        for below in 0..=REACH {
            self.rows[REACH + below] = self.row(below);
        }
    }

    /// Makes the row below the current one.
    fn next_row(&mut self, row: usize) {
        self.rows.rotate_left(1);
        self.rows[2 * REACH] = self.row(row + REACH);
    }

    /// A row, after all rows above it were asked for.
    fn row(&mut self, row: usize) -> Row {
        let mut found = Row::default();
        while let Some(([_, column], known)) =
            self.sorted.get(self.next).filter(|([its, _], _)| *its == row)
        {
            let start = found.known.len();
            found.starts.resize(found.starts.len().max(column + 1), start);
            found.known.push(*known);
            self.next += 1;
        }
        found
    }
}

impl Surroundings {
    /// Nothing is known yet. A walk of several layers is told so from the start.
    pub fn new(has_layers: bool) -> Self {
        Self { passed: has_layers.then(Vec::new), ..Self::default() }
    }

    /// Goes back to the first leaf; what was known belongs to earlier layers now.
    pub fn begin_layer(&mut self) {
        self.row = 0;
        self.current = Row::default();
        self.above = Default::default();
        if let Some(passed) = &mut self.passed {
            self.earlier.begin_layer(passed);
        }
    }

    /// Goes on to the next leaf of the row.
    pub fn begin_leaf(&mut self) {
        self.current.starts.push(self.current.known.len());
    }

    /// Goes on to the next row.
    pub fn next_row(&mut self) {
        self.row += 1;
        self.above.rotate_right(1);
        self.above[0] = std::mem::take(&mut self.current);
        self.earlier.next_row(self.row);
    }

    /// Adds an atom to the current leaf.
    pub fn push(&mut self, known: Known) {
        let column = self.current.starts.len().saturating_sub(1);
        self.current.known.push(known);
        if let Some(passed) = &mut self.passed {
            passed.push(([self.row, column], known));
        }
    }

    /// This layer's atoms of the leaf at an offset from one of the current row, so far.
    pub fn at(&self, column: usize, [dx, dy]: [isize; 2]) -> &[Known] {
        let row = match dy {
            0 => &self.current,
            -1 => &self.above[0],
            -2 => &self.above[1],
            _ => return &[],
        };
        column.checked_add_signed(dx).map_or(&[], |column| row.leaf(column))
    }

    /// The earlier layers' atoms of the leaf at an offset.
    pub fn earlier(&self, column: usize, [dx, dy]: [isize; 2]) -> &[Known] {
        let row = REACH.checked_add_signed(dy).and_then(|index| self.earlier.rows.get(index));
        let column = column.checked_add_signed(dx);
        column.zip(row).map_or(&[], |(column, row)| row.leaf(column))
    }

    /// The atoms of the leaves nearby: as many as are enough, about.
    pub fn neighbours(&self, column: usize) -> Vec<Known> {
        let mut found = Vec::new();
        for offset in NEARBY {
            found.extend_from_slice(self.earlier(column, offset));
            found.extend_from_slice(self.at(column, offset));
            if found.len() >= ENOUGH {
                break;
            }
        }
        found
    }
}
