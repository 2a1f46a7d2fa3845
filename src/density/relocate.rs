//! One revision: the best places are filled, with new Gaussians first, then with cheap old ones.

use super::atom;
use super::peaks::{self, Peak};
use crate::blend::{Normalized, SquaredWeights};
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::optim::RowMap;

/// What a revision may do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Gaussians to add.
    pub add: usize,
    /// Largest number of Gaussians to relocate.
    pub relocate: usize,
    /// See [`super::DensityOptions::eagerness`].
    pub eagerness: f32,
    /// Largest standard deviation of a new Gaussian in pixels, about.
    pub largest_sigma_px: f32,
}

/// What a revision goes by.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The picture drawn minus the picture wanted, `[C, H, W]`.
    pub residual: &'a Image,
    /// The picture drawn, where the blend is normalized.
    pub normalized: Option<&'a Normalized>,
    /// Costs of removal, `[N]`, see [`super::costs::removal`].
    pub costs: &'a [f32],
}

/// Adds and relocates Gaussians; the rows of `squares` follow.
pub fn revise(
    gaussians: &mut Gaussians,
    squares: Option<&mut SquaredWeights>,
    scene: &Scene<'_>,
    plan: &Plan,
) -> RowMap {
    let mut unused = SquaredWeights::default();
    let follow = squares.is_some();
    let squares = squares.unwrap_or(&mut unused);
    let mut rows = RowMap::identity(gaussians.len());
    let peaks = peaks::find(scene.residual, plan.add + plan.relocate, plan.largest_sigma_px);
    let (new, moved) = peaks.split_at(plan.add.min(peaks.len()));
    let mut cheapest: Vec<usize> = (0..gaussians.len()).collect();
    cheapest.sort_by(|a, b| scene.costs[*a].total_cmp(&scene.costs[*b]).then(a.cmp(b)));
    for (peak, index) in moved.iter().zip(cheapest) {
        if peak.gain * plan.eagerness <= scene.costs[index] {
            break;
        }
        let color = atom::color(scene, peak, squares);
        if follow {
            squares.move_last_to(index);
        }
        let (mean_px, factor_px) = round(peak);
        gaussians.mean_px[index] = mean_px;
        gaussians.factor_px[index] = factor_px;
        gaussians.color_of_mut(index).copy_from_slice(&color);
        rows.renew(index);
    }
    for peak in new {
        let color = atom::color(scene, peak, squares);
        let (mean_px, factor_px) = round(peak);
        gaussians.push(mean_px, factor_px, &color);
    }
    rows.append(new.len());
    rows
}

fn round(peak: &Peak) -> ([f32; 2], [f32; 4]) {
    (peak.mean_px, [peak.sigma_px, 0.0, 0.0, peak.sigma_px])
}
