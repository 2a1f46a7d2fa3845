//! Lattices of centres, and the points of one inside a square.

use super::atom::{POSITION_BITS, Shape, Steps};
use super::fixed::{OCTAVE, direction, exp2, multiply};

/// Logarithms of the finest and coarsest step of a position, 1/16 and 8 px.
const PLACE_STEPS: [i32; 2] = [-4 * OCTAVE, 3 * OCTAVE];

/// The lattice of an atom's centres: rows along its axes, one point at the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lattice {
    /// Steps along the larger and the smaller axis as vectors, with [`POSITION_BITS`].
    steps: [[i64; 2]; 2],
    /// Lengths of the two steps: the distances of columns and of rows.
    column: i64,
    row: i64,
    /// Direction of the rows' normal.
    normal: [i64; 2],
}

impl Lattice {
    /// The lattice of atoms with these steps and this shape.
    pub fn new(steps: Steps, shape: &Shape) -> Self {
        let [first, second] = shape.scale.map(|scale| {
            let log = scale + OCTAVE / 2 - steps.place_strength();
            exp2(log.clamp(PLACE_STEPS[0], PLACE_STEPS[1]), POSITION_BITS)
        });
        let [cos, sin] = direction(shape.turn);
        let along = |length: i64, axis: [i64; 2]| axis.map(|v| multiply(length, v, 30));
        Self {
            steps: [along(first, [cos, sin]), along(second, [-sin, cos])],
            column: first,
            row: second,
            normal: [-sin, cos],
        }
    }

    /// Distances of neighbouring points along the two axes in pixels.
    pub fn steps_px(&self) -> [f32; 2] {
        [self.column, self.row].map(|step| step as f32 / (1_u64 << POSITION_BITS) as f32)
    }

    /// The place nearest to a position, of those with these parities.
    pub fn nearest(&self, [x, y]: [i64; 2], parities: [i32; 2]) -> [i32; 2] {
        let [sin, cos] = [-self.normal[0], self.normal[1]];
        let along = multiply(x, cos, 30) + multiply(y, sin, 30);
        let across = multiply(x, -sin, 30) + multiply(y, cos, 30);
        let axes = [(along, self.column), (across, self.row)];
        std::array::from_fn(|axis| {
            let ((v, step), parity) = (axes[axis], parities[axis]);
            let pairs = (v - i64::from(parity) * step + step).div_euclid(2 * step);
            2 * pairs as i32 + parity
        })
    }

    /// The point of a place.
    pub fn point(&self, place: [i32; 2]) -> [i64; 2] {
        let [i, j] = place.map(i64::from);
        std::array::from_fn(|axis| i * self.steps[0][axis] + j * self.steps[1][axis])
    }

    /// The rows that a square may have points of: those between its corners, and one more on
    /// either side.
    fn rows(&self, square: &Square) -> std::ops::RangeInclusive<i64> {
        let [x, y] = square.corner;
        let far = |axis: usize| multiply(square.side, self.normal[axis], 30);
        let near = multiply(x, self.normal[0], 30) + multiply(y, self.normal[1], 30);
        let (a, b) = (far(0), far(1));
        let low = near + a.min(0) + b.min(0);
        let high = near + a.max(0) + b.max(0);
        low.div_euclid(self.row) - 1..=high.div_euclid(self.row) + 1
    }

    /// The points inside a square, of those with these parities of their places.
    pub fn within(&self, square: &Square, parities: [i32; 2]) -> Points {
        let [across, down] = parities.map(i64::from);
        let rows = self.rows(square);
        let start = rows.start() + ((rows.start() + down) & 1);
        let mut sides = [0, 1].map(|axis| Side::new(self, square, axis, start));
        let mut points = Points { rows: Vec::with_capacity(rows.clone().count() / 2 + 1) };
        for row in (start..=*rows.end()).step_by(ROWS_APART as usize) {
            let [these, those] = sides.each_mut().map(Side::next_columns);
            let (low, high) = (these[0].max(those[0]), these[1].min(those[1]));
            let first = low + ((low + across) & 1);
            let count = (high - first + 1).max(0) / 2;
            if count > 0 {
                points.rows.push(Row { row, first, count });
            }
        }
        points
    }
}

/// Rows of the same parity are so many rows apart.
const ROWS_APART: i64 = 2;

/// The columns of a lattice between two opposite sides of a square, every other row.
///
/// Points `i` of row `j` with `low <= i a + j b < high`, where `a` and `b` are one axis of the
/// lattice's two steps.
enum Side {
    /// `a` is not 0: the smallest `i` that is no less than either end.
    Slanted([Staircase; 2]),
    /// `a` is 0: a whole row lies between the sides or does not.
    Straight { from: i64, side: i64, step: i64 },
}

impl Side {
    /// The columns of `row`, and of every other row from there on.
    fn new(lattice: &Lattice, square: &Square, axis: usize, row: i64) -> Self {
        let [along, across] = [lattice.steps[0][axis], lattice.steps[1][axis]];
        let from = square.corner[axis] - row * across;
        let to = from + square.side;
        let across = ROWS_APART * across;
        match along {
            0 => Self::Straight { from, side: square.side, step: across },
            1.. => Self::Slanted([from, to].map(|end| Staircase::new(end, -across, along))),
            _ => Self::Slanted([1 - to, 1 - from].map(|end| Staircase::new(end, across, -along))),
        }
    }

    /// The columns of this row, half open, and on to the next of its parity.
    fn next_columns(&mut self) -> [i64; 2] {
        match self {
            Self::Slanted(ends) => ends.each_mut().map(Staircase::next_ceiling),
            Self::Straight { from, side, step } => {
                let is_between = *from <= 0 && 0 < *from + *side;
                *from -= *step;
                // Far from what overflows, and farther than the other two sides ever are.
                if is_between { [i64::MIN / 4, i64::MAX / 4] } else { [0, 0] }
            }
        }
    }
}

/// `ceil((start + n slope) / step)` for `n` = 0, 1, and so on, with a division for the first alone
/// (Bresenham 1965).
struct Staircase {
    step: i64,
    /// `slope / step`, whole and the rest.
    rise: [i64; 2],
    /// The next one, and what its division leaves.
    at: [i64; 2],
}

impl Staircase {
    fn new(start: i64, slope: i64, step: i64) -> Self {
        let divide = |v: i64| [v.div_euclid(step), v.rem_euclid(step)];
        Self { step, rise: divide(slope), at: divide(start + step - 1) }
    }

    fn next_ceiling(&mut self) -> i64 {
        let [now, rest] = self.at;
        let rest = rest + self.rise[1];
        let carry = i64::from(rest >= self.step);
        self.at = [now + self.rise[0] + carry, rest - carry * self.step];
        now
    }
}

/// The points of a lattice inside a square, row by row.
#[derive(Clone, Debug)]
pub struct Points {
    rows: Vec<Row>,
}

/// Every other point of a row.
#[derive(Clone, Copy, Debug)]
struct Row {
    row: i64,
    /// Column of the first.
    first: i64,
    /// Number of points.
    count: i64,
}

impl Points {
    /// Number of points.
    pub fn count(&self) -> u32 {
        self.rows.iter().map(|row| row.count as u32).sum()
    }

    /// Which of the points a place is; 0 if it is none.
    pub fn index(&self, place: [i32; 2]) -> u32 {
        let [column, its_row] = place.map(i64::from);
        let mut before = 0;
        for Row { row, first, count } in &self.rows {
            let index = (column - first).div_euclid(2);
            if *row == its_row && (0..*count).contains(&index) {
                return before + index as u32;
            }
            before += *count as u32;
        }
        0
    }

    /// The place of a point by its index, if there is such a point.
    pub fn place(&self, index: u32) -> Option<[i32; 2]> {
        let mut left = i64::from(index);
        for Row { row, first, count } in &self.rows {
            if left < *count {
                return Some([(first + 2 * left) as i32, *row as i32]);
            }
            left -= count;
        }
        None
    }
}

/// A square of pixels, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Square {
    /// Left and top, with [`POSITION_BITS`] behind the point.
    pub corner: [i64; 2],
    /// Length of a side, likewise.
    pub side: i64,
}
