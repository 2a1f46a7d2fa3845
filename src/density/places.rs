//! Where one Gaussian more would help: at peaks of the residual, and beside those that two would
//! draw better.

use rayon::prelude::*;

use super::atom::Atom;
use super::lifecycle::Factors;
use super::peaks::{self, Peak};
use super::shape::Shape;
use super::split::{self, Split};
use super::territory::Territory;
use super::{Plan, Scene};

/// Peaks that a learned policy sees for every one that is taken.
const CHOICE: usize = 2;

/// Somewhere for one Gaussian more.
pub(super) struct Place {
    /// By how much half the sum of squared differences would fall, about.
    pub gain: f32,
    pub atom: Atom,
    /// Where a Gaussian is split: which, and the half that takes its row.
    pub split: Option<(usize, Atom)>,
}

/// Up to as many places as `plan` has Gaussians for, best first.
pub(super) fn find(scene: &Scene<'_>, plan: &Plan<'_>, factors: Option<&Factors>) -> Vec<Place> {
    let count = plan.add + plan.relocate;
    // A policy chooses among more.
    let looked_at = if plan.lifecycle.is_some() { CHOICE * count } else { count };
    let peaks = peaks::find(scene.residual, looked_at, plan.largest_sigma_px);
    let usual = peaks.get(peaks.len() / 2).map_or(1.0, |peak| peak.gain);
    let factor = |peak: &Peak| {
        let policy = plan.lifecycle;
        policy.map_or(1.0, |p| p.of_peak(peak, usual, plan.largest_sigma_px, plan.progress))
    };
    let placed = peaks.par_iter().filter_map(|peak| {
        let (gain, atom) = Atom::at(scene, peak)?;
        Some(Place { gain: gain * factor(peak), atom, split: None })
    });
    let mut places: Vec<Place> = placed.collect();
    places.sort_by(|a, b| b.gain.total_cmp(&a.gain));

    let trust = |index: usize| factors.map_or(plan.split_trust, |factors| factors.split[index]);
    let wanted = factors.is_some() || plan.split_trust > 0.0;
    let mut splits = if wanted { split::candidates(scene) } else { Vec::new() };
    let believed = |split: &Split| trust(split.index) * split.halves.gain;
    splits.sort_by(|a, b| believed(b).total_cmp(&believed(a)));
    let mut splits = splits.into_iter().peekable();
    let mut territory = Territory::new(scene.residual.size());
    let mut out = Vec::with_capacity(count);
    for place in places {
        let better = |split: &Split| believed(split) > place.gain;
        while let Some(split) = splits.next_if(better) {
            let Split { index, halves } = split;
            // Peaks keep away from each other; a split keeps away from all.
            if territory.claim(&Shape::of(scene.gaussians, index)) {
                let [own, atom] = Atom::in_place(scene, &halves);
                let gain = believed(&split);
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
