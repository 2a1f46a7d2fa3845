//! One revision: the best places are filled, by new Gaussians first, then by those that the
//! picture misses least.

use super::Scene;
use super::atom::Atom;
use super::lifecycle::Lifecycle;
use super::merge::Merge;
use super::places::{self, Place};
use super::rooms::{self, Room};
use super::shape::Shape;
use super::territory::Territory;
use crate::blend::SquaredWeights;
use crate::gaussians::Gaussians;
use crate::optim::RowMap;

/// What a revision may do.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Gaussians to add.
    pub add: usize,
    /// Largest number of Gaussians to relocate.
    pub relocate: usize,
    /// See [`super::DensityOptions::eagerness`].
    pub eagerness: f32,
    /// See [`super::DensityOptions::split_trust`].
    pub split_trust: f32,
    /// Largest standard deviation of a new Gaussian in pixels, about.
    pub largest_sigma_px: f32,
    /// A learned policy that weighs costs and gains; without, they are taken as they are.
    pub lifecycle: Option<&'a Lifecycle>,
    /// Part of the fit that is over, 0 to 1.
    pub progress: f32,
}

/// Adds and relocates Gaussians; the rows of `squares` follow.
///
/// `gaussians` are those of `scene`, one step on; `costs` are what [`super::costs::removal`] says
/// of the scene. A place is a peak of the residual or, where it gains more, a Gaussian that two
/// would draw better. Room is made by removing one or by merging two. Those that draw nothing
/// go even where there is no place for them.
pub fn revise(
    gaussians: &mut Gaussians,
    squares: Option<&mut SquaredWeights>,
    scene: &Scene<'_>,
    costs: &[f32],
    plan: &Plan<'_>,
) -> RowMap {
    let follow = squares.is_some();
    let mut ignored = SquaredWeights::default();
    let mut revision = Revision {
        scene,
        rows: RowMap::identity(gaussians.len()),
        touched: vec![false; gaussians.len()],
        vacated: Territory::new(scene.residual.size()),
        gaussians,
        squares: squares.unwrap_or(&mut ignored),
        follow,
    };
    let factors = plan.lifecycle.map(|policy| policy.factors(scene, costs, plan.progress));
    let places = places::find(scene, plan, factors.as_ref());
    let (new, moves) = places.split_at(plan.add.min(places.len()));
    let mut new: Vec<&Place> = new.iter().collect();
    new.sort_by_key(|place| place.atom.cell());
    for place in new {
        revision.append(place);
    }
    if plan.relocate > 0 {
        let rooms = rooms::find(scene, costs, plan.eagerness, factors.as_ref());
        let mut left = rooms.iter();
        for place in moves {
            let Some(room) = left.find(|room| revision.is_free(room, place)) else { break };
            if place.gain <= room.price {
                break;
            }
            revision.fill(room, place);
        }
        revision.prune(&rooms, plan.relocate);
    }
    revision.rows
}

/// Gaussians under revision. Each is touched once at most.
struct Revision<'a> {
    scene: &'a Scene<'a>,
    gaussians: &'a mut Gaussians,
    squares: &'a mut SquaredWeights,
    /// Whether `squares` has rows at all.
    follow: bool,
    rows: RowMap,
    touched: Vec<bool>,
    /// Where Gaussians went: of two that overlap only one may be too much.
    vacated: Territory,
}

impl Revision<'_> {
    fn append(&mut self, place: &Place) {
        self.split(place);
        let atom = &place.atom;
        if self.follow {
            atom.push_to(self.squares);
        }
        self.gaussians.push(atom.mean_px, atom.factor_px, &atom.color);
        self.rows.append(1);
    }

    /// Whether neither the room nor what is split at the place was touched before.
    fn is_free(&self, room: &Room, place: &Place) -> bool {
        let split = place.split.as_ref().map(|(row, _)| *row);
        let other = room.merge.map(|merge| merge.pair[0]);
        let rows = [Some(room.row), other, split];
        let clash = split.is_some() && (split == Some(room.row) || split == other);
        !clash
            && rows.into_iter().flatten().all(|row| !self.touched[row])
            && self.vacated.is_free(self.scene.gaussians.mean_px[room.row])
    }

    fn fill(&mut self, room: &Room, place: &Place) {
        if let Some(Merge { pair: [row, _], merged }) = &room.merge {
            let [atom] = Atom::in_place(self.scene, merged);
            self.put(*row, &atom);
        }
        self.vacated.claim(&Shape::of(self.scene.gaussians, room.row));
        self.split(place);
        self.put(room.row, &place.atom);
    }

    fn split(&mut self, place: &Place) {
        if let Some((row, own)) = &place.split {
            self.put(*row, own);
        }
    }

    /// Drops those that draw nothing.
    fn prune(&mut self, rooms: &[Room], most: usize) {
        let mut keep = vec![true; self.gaussians.len()];
        let removals = rooms.iter().filter(|room| room.merge.is_none() && room.price <= 0.0);
        for Room { row, .. } in removals.filter(|room| !self.touched[room.row]).take(most) {
            keep[*row] = !self.vacated.claim(&Shape::of(self.scene.gaussians, *row));
        }
        if keep.iter().all(|keep| *keep) {
            return;
        }
        self.gaussians.retain(&keep);
        self.rows.retain(&keep);
        if self.follow {
            self.squares.retain(&keep);
        }
    }

    fn put(&mut self, row: usize, atom: &Atom) {
        if self.follow {
            atom.push_to(self.squares);
            self.squares.move_last_to(row);
        }
        self.gaussians.mean_px[row] = atom.mean_px;
        self.gaussians.factor_px[row] = atom.factor_px;
        self.gaussians.color_of_mut(row).copy_from_slice(&atom.color);
        self.rows.renew(row);
        self.touched[row] = true;
    }
}
