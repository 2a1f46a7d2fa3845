//! One revision: the best places are filled, with new Gaussians first, then with cheap old ones.

use rayon::prelude::*;

use super::atom::Atom;
use super::peaks;
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
    let found = peaks::find(scene.residual, plan.add + plan.relocate, plan.largest_sigma_px);
    let mut atoms: Vec<Atom> = found.par_iter().map(|peak| Atom::at(scene, peak)).collect();
    atoms.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let (new, moved) = atoms.split_at(plan.add.min(atoms.len()));
    let mut cheapest: Vec<usize> = (0..gaussians.len()).collect();
    cheapest.sort_by(|a, b| scene.costs[*a].total_cmp(&scene.costs[*b]).then(a.cmp(b)));
    for (atom, index) in moved.iter().zip(cheapest) {
        if atom.gain * plan.eagerness <= scene.costs[index] {
            break;
        }
        if follow {
            atom.push_to(squares);
            squares.move_last_to(index);
        }
        gaussians.mean_px[index] = atom.mean_px;
        gaussians.factor_px[index] = atom.factor_px;
        gaussians.color_of_mut(index).copy_from_slice(&atom.color);
        rows.renew(index);
    }
    for atom in new {
        atom.push_to(squares);
        gaussians.push(atom.mean_px, atom.factor_px, &atom.color);
    }
    rows.append(new.len());
    rows
}
