//! The Hilbert curve over a picture: neighbours on the curve are neighbours on the picture.

use crate::image::Size;

/// Calls `visit` with every pixel `(x, y)` once, in the order of the Hilbert curve over the
/// smallest square of a power of two that holds the picture.
pub(super) fn walk(size: Size, visit: &mut impl FnMut(usize, usize)) {
    let side = size.width.max(size.height).next_power_of_two() as i64;
    square([0, 0], [1, 0], [0, 1], side, size, visit);
}

/// The square of `side` pixels that starts at `start`, ends `side - 1` pixels along `along`, and
/// lies on the side of it that `across` points to.
fn square(
    start: [i64; 2],
    along: [i64; 2],
    across: [i64; 2],
    side: i64,
    size: Size,
    visit: &mut impl FnMut(usize, usize),
) {
    let go = |from: [i64; 2], direction: [i64; 2], steps: i64| {
        [from[0] + steps * direction[0], from[1] + steps * direction[1]]
    };
    let opposite = go(go(start, along, side - 1), across, side - 1);
    let outside = |axis: usize, length: usize| start[axis].min(opposite[axis]) >= length as i64;
    if outside(0, size.width) || outside(1, size.height) {
        return;
    }
    if side == 1 {
        visit(start[0] as usize, start[1] as usize);
        return;
    }
    let half = side / 2;
    let far = go(start, across, half);
    let last = go(go(start, along, side - 1), across, half - 1);
    let back = |direction: [i64; 2]| direction.map(|v| -v);
    square(start, across, along, half, size, visit);
    square(far, along, across, half, size, visit);
    square(go(far, along, half), along, across, half, size, visit);
    square(last, back(across), back(along), half, size, visit);
}
