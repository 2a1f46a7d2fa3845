//! Where one Gaussian more would help: at peaks of the residual, and beside those that two would
//! draw better.

use rayon::prelude::*;

use super::atom::Atom;
use super::peaks;
use super::shape::Shape;
use super::split::{self, Split};
use super::territory::Territory;
use super::{Plan, Scene};

/// Somewhere for one Gaussian more.
pub(super) struct Place {
    /// By how much half the sum of squared differences would fall, about.
    pub gain: f32,
    pub atom: Atom,
    /// Where a Gaussian is split: which, and the half that takes its row.
    pub split: Option<(usize, Atom)>,
}

/// Up to as many places as `plan` has Gaussians for, best first.
pub(super) fn find(scene: &Scene<'_>, plan: &Plan) -> Vec<Place> {
    let count = plan.add + plan.relocate;
    let peaks = peaks::find(scene.residual, count, plan.largest_sigma_px);
    let placed = peaks.par_iter().filter_map(|peak| Atom::at(scene, peak));
    let mut places: Vec<Place> =
        placed.map(|(gain, atom)| Place { gain, atom, split: None }).collect();
    places.sort_by(|a, b| b.gain.total_cmp(&a.gain));

    let mut splits = if plan.split_trust > 0.0 { split::candidates(scene) } else { Vec::new() };
    splits.sort_by(|a, b| b.halves.gain.total_cmp(&a.halves.gain));
    let mut splits = splits.into_iter().peekable();
    let mut territory = Territory::new(scene.residual.size());
    let mut out = Vec::with_capacity(count);
    for place in places {
        let better = |split: &Split| plan.split_trust * split.halves.gain > place.gain;
        while let Some(Split { index, halves }) = splits.next_if(better) {
            // Peaks keep away from each other; a split keeps away from all.
            if territory.claim(&Shape::of(scene.gaussians, index)) {
                let [own, atom] = Atom::in_place(scene, &halves);
                let gain = plan.split_trust * halves.gain;
                out.push(Place { gain, atom, split: Some((index, own)) });
            }
        }
        territory.claim(&place.atom.shape());
        out.push(place);
        if out.len() >= count {
            break;
        }
    }
    out.truncate(count);
    out
}
