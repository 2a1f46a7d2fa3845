//! One revision: the best places are filled, with new Gaussians first, then with cheap old ones.

use super::peaks::{self, Peak};
use crate::blend::Normalized;
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
    /// Largest standard deviation of a new Gaussian in pixels.
    pub largest_sigma_px: f32,
}

/// Adds and relocates Gaussians; `residual` and `normalized` as in [`peaks::color`], `costs` those
/// of [`super::costs::removal`].
pub fn revise(
    gaussians: &mut Gaussians,
    residual: &Image,
    normalized: Option<&Normalized>,
    costs: &[f32],
    plan: &Plan,
) -> RowMap {
    let mut rows = RowMap::identity(gaussians.len());
    let peaks = peaks::find(residual, plan.add + plan.relocate, plan.largest_sigma_px);
    let (new, moved) = peaks.split_at(plan.add.min(peaks.len()));
    let mut color = vec![0.0; gaussians.channels()];
    let mut cheapest: Vec<usize> = (0..gaussians.len()).collect();
    cheapest.sort_by(|a, b| costs[*a].total_cmp(&costs[*b]).then(a.cmp(b)));
    for (peak, index) in moved.iter().zip(cheapest) {
        if peak.gain * plan.eagerness <= costs[index] {
            break;
        }
        peaks::color(residual, normalized, peak, &mut color);
        let (mean_px, factor_px) = round(peak);
        gaussians.mean_px[index] = mean_px;
        gaussians.factor_px[index] = factor_px;
        gaussians.color_of_mut(index).copy_from_slice(&color);
        rows.renew(index);
    }
    for peak in new {
        peaks::color(residual, normalized, peak, &mut color);
        let (mean_px, factor_px) = round(peak);
        gaussians.push(mean_px, factor_px, &color);
    }
    rows.append(new.len());
    rows
}

fn round(peak: &Peak) -> ([f32; 2], [f32; 4]) {
    (peak.mean_px, [peak.sigma_px, 0.0, 0.0, peak.sigma_px])
}
