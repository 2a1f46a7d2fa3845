//! Mean distance of points to their nearest neighbours, by a k-d tree.
//!
//! A tree rather than a grid: centres crowd on edges, and a picture with one small detail would
//! put nearly all of them into one cell.

use rayon::prelude::*;

type Point = [f32; 2];

/// Slices no longer than this are searched point by point.
const LEAF: usize = 8;

/// Mean distance of every point to its `COUNT` nearest others, in the points' order.
///
/// With fewer others the mean is over those; a point alone gets infinity.
pub(super) fn mean_distances<const COUNT: usize>(points: &[Point]) -> Vec<f32> {
    let mut tree: Vec<(Point, usize)> =
        points.iter().enumerate().map(|(index, point)| (*point, index)).collect();
    split(&mut tree, 0);
    let mut distances = vec![0.0; points.len()];
    distances.par_iter_mut().enumerate().for_each(|(index, mean)| {
        let mut nearest = [f32::INFINITY; COUNT];
        search(&tree, 0, points[index], index, &mut nearest);
        let found = nearest.iter().filter(|d| d.is_finite()).count();
        *mean = if found == 0 {
            f32::INFINITY
        } else {
            nearest[..found].iter().map(|square| square.sqrt()).sum::<f32>() / found as f32
        };
    });
    distances
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
fn search(points: &[(Point, usize)], axis: usize, from: Point, myself: usize, nearest: &mut [f32]) {
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
    if offset * offset < nearest[nearest.len() - 1] {
        search(far, 1 - axis, from, myself, nearest);
    }
}

fn consider((point, index): &(Point, usize), from: Point, myself: usize, nearest: &mut [f32]) {
    if *index == myself {
        return;
    }
    let mut square = (point[0] - from[0]).powi(2) + (point[1] - from[1]).powi(2);
    for kept in nearest {
        if square < *kept {
            std::mem::swap(kept, &mut square);
        }
    }
}
