//! Nearest neighbours of points in the plane, by a k-d tree.
//!
//! A tree rather than a grid: centres crowd on edges, and a picture with one small detail would
//! put nearly all of them into one cell.

use rayon::prelude::*;

type Point = [f32; 2];

/// Slices no longer than this are searched point by point.
const LEAF: usize = 8;

/// A point found: squared distance and index.
type Found = (f32, usize);

const NONE: Found = (f32::INFINITY, usize::MAX);

/// Mean distance of every point to its `COUNT` nearest others, in the points' order.
///
/// With fewer others the mean is over those; a point alone gets infinity.
pub(crate) fn mean_distances<const COUNT: usize>(points: &[Point]) -> Vec<f32> {
    for_each_point::<COUNT, _>(points, |nearest| {
        let found = nearest.iter().filter(|(square, _)| square.is_finite()).count();
        if found == 0 {
            f32::INFINITY
        } else {
            nearest[..found].iter().map(|(square, _)| square.sqrt()).sum::<f32>() / found as f32
        }
    })
}

/// Index of every point's nearest other, in the points' order; of equally near ones, of the one
/// that the tree meets first. `None` for a point alone.
pub(crate) fn nearest(points: &[Point]) -> Vec<Option<usize>> {
    for_each_point::<1, _>(points, |[(square, index)]| square.is_finite().then_some(index))
}

fn for_each_point<const COUNT: usize, T: Send>(
    points: &[Point],
    each: impl Fn([Found; COUNT]) -> T + Sync,
) -> Vec<T> {
    let mut tree: Vec<(Point, usize)> =
        points.iter().enumerate().map(|(index, point)| (*point, index)).collect();
    split(&mut tree, 0);
    let found = points.par_iter().enumerate().map(|(index, point)| {
        let mut nearest = [NONE; COUNT];
        search(&tree, 0, *point, index, &mut nearest);
        each(nearest)
    });
    found.collect()
}

/// Orders points so that the middle one of every slice parts it along alternating axes.
fn split(points: &mut [(Point, usize)], axis: usize) {
    if points.len() <= LEAF {
        return;
    }
    let middle = points.len() / 2;
    points
        .select_nth_unstable_by(middle, |a, b| a.0[axis].total_cmp(&b.0[axis]).then(a.1.cmp(&b.1)));
    let (before, after) = points.split_at_mut(middle);
    rayon::join(|| split(before, 1 - axis), || split(&mut after[1..], 1 - axis));
}

/// Merges the squared distances to a slice's points into `nearest`, ascending.
fn search(
    points: &[(Point, usize)],
    axis: usize,
    from: Point,
    myself: usize,
    nearest: &mut [Found],
) {
    if points.len() <= LEAF {
        for point in points {
            consider(point, from, myself, nearest);
        }
        return;
    }
    let middle = points.len() / 2;
    let (before, after) = (&points[..middle], &points[middle + 1..]);
    let offset = from[axis] - points[middle].0[axis];
    let (near, far) = if offset < 0.0 { (before, after) } else { (after, before) };
    search(near, 1 - axis, from, myself, nearest);
    consider(&points[middle], from, myself, nearest);
    if offset * offset < nearest[nearest.len() - 1].0 {
        search(far, 1 - axis, from, myself, nearest);
    }
}

fn consider((point, index): &(Point, usize), from: Point, myself: usize, nearest: &mut [Found]) {
    if *index == myself {
        return;
    }
    let square = (point[0] - from[0]).powi(2) + (point[1] - from[1]).powi(2);
    let mut found = (square, *index);
    for kept in nearest {
        if found.0 < kept.0 {
            std::mem::swap(kept, &mut found);
        }
    }
}
