//! Between Gaussians and the optimizer's flat groups: gradients out, steps in.

use rayon::prelude::*;

use crate::backend::GEOMETRY_MOMENTS;
use crate::covariance::{Covariance, ScaleBounds};
use crate::gaussians::Gaussians;
use crate::optim::Groups;

/// Gaussians handled by one task; the result does not depend on it.
const CHUNK: usize = 512;

/// Turns moments `[N, C + 5]` into gradients of the groups.
pub(super) fn pull_back(
    gaussians: &Gaussians,
    covariance: &dyn Covariance,
    moments: &[f32],
    gradient: &mut Groups,
) {
    let (n, channels) = (gaussians.len(), gaussians.channels());
    let shape_len = covariance.shape_len();
    gradient.position.resize(2 * n, 0.0);
    gradient.shape.resize(shape_len * n, 0.0);
    gradient.color.resize(channels * n, 0.0);
    let stride = channels + GEOMETRY_MOMENTS;
    gradient
        .position
        .par_chunks_mut(2 * CHUNK)
        .zip(gradient.shape.par_chunks_mut(shape_len * CHUNK))
        .zip(gradient.color.par_chunks_mut(channels * CHUNK))
        .zip(moments.par_chunks(stride * CHUNK).zip(gaussians.factor_px.par_chunks(CHUNK)))
        .for_each(|(((position, shape), color), (moments, factors))| {
            for (i, factor) in factors.iter().enumerate() {
                let row = &moments[i * stride..(i + 1) * stride];
                color[i * channels..(i + 1) * channels].copy_from_slice(&row[..channels]);
                let mut geometry = [0.0; GEOMETRY_MOMENTS];
                geometry.copy_from_slice(&row[channels..]);
                let (of_position, of_shape) = covariance.pull_back(*factor, geometry);
                position[2 * i..2 * i + 2].copy_from_slice(&of_position);
                shape[shape_len * i..shape_len * (i + 1)].copy_from_slice(&of_shape[..shape_len]);
            }
        });
}

/// Turns a tangent of the groups into one of the moments' layout, `[N, C + 5]`.
pub(super) fn push_forward(
    gaussians: &Gaussians,
    covariance: &dyn Covariance,
    tangent: &Groups,
) -> Vec<f32> {
    let (channels, shape_len) = (gaussians.channels(), covariance.shape_len());
    let stride = channels + GEOMETRY_MOMENTS;
    let mut rows = vec![0.0; gaussians.len() * stride];
    rows.par_chunks_mut(stride).enumerate().with_min_len(CHUNK).for_each(|(i, row)| {
        row[..channels].copy_from_slice(&tangent.color[channels * i..channels * (i + 1)]);
        let position = [tangent.position[2 * i], tangent.position[2 * i + 1]];
        let mut shape = [0.0; 3];
        shape[..shape_len].copy_from_slice(&tangent.shape[shape_len * i..shape_len * (i + 1)]);
        let geometry = covariance.push_forward(gaussians.factor_px[i], position, shape);
        row[channels..].copy_from_slice(&geometry);
    });
    rows
}

/// The parameters as coordinates in the units of the groups, for rules that look at their size:
/// zero is the centre of gravity of all Gaussians, a circle of one pixel, and black.
pub(super) fn values(gaussians: &Gaussians, covariance: &dyn Covariance) -> Groups {
    let count = gaussians.len().max(1) as f64;
    let sum = |axis: usize| gaussians.mean_px.iter().map(|mean| f64::from(mean[axis])).sum::<f64>();
    let center = [sum(0) / count, sum(1) / count].map(|v| v as f32);
    let shape_len = covariance.shape_len();
    let mut values = Groups { color: gaussians.color.clone(), ..Groups::default() };
    for (mean, factor) in gaussians.mean_px.iter().zip(&gaussians.factor_px) {
        let offset = [mean[0] - center[0], mean[1] - center[1]];
        let (position, shape) = covariance.coordinates(*factor, offset);
        values.position.extend(position);
        values.shape.extend(&shape[..shape_len]);
    }
    values
}

/// Removes from the gradients what [`retract`] would undo.
pub(super) fn project(
    gaussians: &Gaussians,
    covariance: &dyn Covariance,
    gradient: &mut Groups,
    bounds: ScaleBounds,
) {
    let shape_len = covariance.shape_len();
    gradient
        .shape
        .par_chunks_mut(shape_len * CHUNK)
        .zip(gaussians.factor_px.par_chunks(CHUNK))
        .for_each(|(shapes, factors)| {
            for (shape, factor) in shapes.chunks_exact_mut(shape_len).zip(factors) {
                let mut of_shape = [0.0; 3];
                of_shape[..shape_len].copy_from_slice(shape);
                let projected = covariance.project_gradient(*factor, of_shape, bounds);
                shape.copy_from_slice(&projected[..shape_len]);
            }
        });
}

/// Moves the Gaussians by one step of the groups.
pub(super) fn retract(
    gaussians: &mut Gaussians,
    covariance: &dyn Covariance,
    step: &Groups,
    bounds: ScaleBounds,
) {
    let shape_len = covariance.shape_len();
    gaussians
        .mean_px
        .par_chunks_mut(CHUNK)
        .zip(gaussians.factor_px.par_chunks_mut(CHUNK))
        .zip(step.position.par_chunks(2 * CHUNK).zip(step.shape.par_chunks(shape_len * CHUNK)))
        .for_each(|((means, factors), (position, shape))| {
            for (i, (mean, factor)) in means.iter_mut().zip(factors).enumerate() {
                let by = [position[2 * i], position[2 * i + 1]];
                let mut along = [0.0; 3];
                along[..shape_len].copy_from_slice(&shape[shape_len * i..shape_len * (i + 1)]);
                (*mean, *factor) = covariance.retract(*mean, *factor, by, along, bounds);
            }
        });
    for (color, step) in gaussians.color.iter_mut().zip(&step.color) {
        *color += step;
    }
}
