//! Near twins that one Gaussian could replace.

use rayon::prelude::*;

use super::Scene;
use super::exchange::{self, Exchange, Taken};
use super::shape::Shape;
use crate::gaussians::Gaussians;
use crate::neighbours;

/// One Gaussian for two.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    pub pair: [usize; 2],
    pub merged: Exchange<1>,
}

/// Every Gaussian with its nearest neighbour, where a merge costs less than it would to go
/// without the cheaper of both.
pub(super) fn candidates(scene: &Scene<'_>, removal: &[f32]) -> Vec<Merge> {
    let nearest = neighbours::nearest(&scene.gaussians.mean_px);
    let pairs = nearest.par_iter().enumerate().filter_map(|(index, other)| {
        let other = (*other)?;
        // Two that are nearest to each other come once.
        let twice = other < index && nearest[other] == Some(index);
        (!twice).then_some([index, other])
    });
    let merges = pairs.filter_map(|pair| {
        let cheapest = pair.map(|index| removal[index]).into_iter().reduce(f32::min)?;
        if cheapest <= 0.0 || !are_near(scene.gaussians, pair) {
            return None;
        }
        let merged = measure(scene, pair)?;
        (-merged.gain < cheapest).then_some(Merge { pair, merged })
    });
    merges.collect()
}

fn measure(scene: &Scene<'_>, pair: [usize; 2]) -> Option<Exchange<1>> {
    let taken = pair.map(|index| Taken::of(scene.gaussians, index));
    exchange::best(scene, taken, [[matched(scene.gaussians, pair)?]])
}

/// Whether both lie within about a standard deviation of the smaller.
fn are_near(gaussians: &Gaussians, pair: [usize; 2]) -> bool {
    let [[x0, y0], [x1, y1]] = pair.map(|index| gaussians.mean_px[index]);
    let [one, other] = pair.map(|index| Shape::of(gaussians, index).area());
    (x1 - x0).powi(2) + (y1 - y0).powi(2) < one.min(other)
}

/// The Gaussian with the mean and the covariance of two together, each weighing as much as it
/// covers.
fn matched(gaussians: &Gaussians, pair: [usize; 2]) -> Option<Shape> {
    let shapes = pair.map(|index| Shape::of(gaussians, index));
    let areas = shapes.map(|shape| shape.area());
    let share = areas[1] / (areas[0] + areas[1]);
    let mix = |a: f32, b: f32| a + share * (b - a);
    let [[x0, y0], [x1, y1]] = shapes.map(|shape| shape.mean_px);
    let (dx, dy, spread) = (x1 - x0, y1 - y0, share * (1.0 - share));
    let [[xx0, xy0, yy0], [xx1, xy1, yy1]] = shapes.map(|shape| shape.covariance());
    let xx = mix(xx0, xx1) + spread * dx * dx;
    let xy = mix(xy0, xy1) + spread * dx * dy;
    let yy = mix(yy0, yy1) + spread * dy * dy;
    // The lower triangular factor.
    let (left, across) = (xx.sqrt(), xy / xx.sqrt());
    let below = (yy - across * across).sqrt();
    let shape =
        Shape { mean_px: [mix(x0, x1), mix(y0, y1)], factor_px: [left, 0.0, across, below] };
    (left > 0.0 && below > 0.0).then_some(shape)
}
