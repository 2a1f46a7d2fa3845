//! Gaussians that two would draw better.

use rayon::prelude::*;

use super::Scene;
use super::exchange::{self, Exchange, Taken};
use super::shape::Shape;

/// Where the halves of a Gaussian lie, in its standard deviations from its centre.
const OFFSET: f32 = 0.6;

/// Two Gaussians for one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub index: usize,
    pub halves: Exchange<2>,
}

/// Every Gaussian split across the axis for which two gain more.
pub(super) fn candidates(scene: &Scene<'_>) -> Vec<Split> {
    let all = (0..scene.gaussians.len()).into_par_iter();
    let splits = all.filter_map(|index| {
        let whole = Shape::of(scene.gaussians, index);
        let taken = [Taken::of(scene.gaussians, index)];
        let halves = exchange::best(scene, taken, [0, 1].map(|axis| halves(&whole, axis)))?;
        (halves.gain > 0.0).then_some(Split { index, halves })
    });
    splits.collect()
}

/// Two halves beside each other along a column of the factor, with the mean and the covariance of
/// the whole.
fn halves(whole: &Shape, axis: usize) -> [Shape; 2] {
    let (mut factor_px, [x, y]) = (whole.factor_px, whole.mean_px);
    let step = [factor_px[axis], factor_px[2 + axis]].map(|v| OFFSET * v);
    let narrower = (1.0 - OFFSET * OFFSET).sqrt();
    factor_px[axis] *= narrower;
    factor_px[2 + axis] *= narrower;
    [-1.0, 1.0].map(|side| Shape { mean_px: [x + side * step[0], y + side * step[1]], factor_px })
}
