//! Discrete search: every integer of every atom against the true residual.
//!
//! An atom is taken out of the picture; it comes back with those of the integers next to its own
//! and the colour that make `D + lambda R` smallest, or not at all. Atoms that touch are handled
//! one after the other and those that do not at the same time ([`super::touching`]): the result is the
//! same on any number of threads.

use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use pulp::Arch;
use rayon::prelude::*;

use super::costs::Costs;
use super::patch::{Patch, PixelBox};
use super::splat::Splat;
use super::touching::in_turns;
use super::turn::{Rules, Turn};
use crate::codec::coded::Coded;
use crate::codec::coded::atom::Atom;
use crate::codec::coded::lattice::Lattice;
use crate::image::Size;
use crate::optim::RowMap;

/// A picture being searched.
pub struct Search {
    rules: Rules,
    /// Drawn minus wanted in the orthonormal basis, `[C, H, W]`.
    residual: Vec<f32>,
    /// The atoms.
    atoms: Vec<Atom>,
    /// Where among the atoms of the beginning each comes from.
    rows: RowMap,
    /// Gaussians that are drawn besides and are not searched.
    others: usize,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Atoms that changed.
    pub changed: usize,
    /// Atoms that went.
    pub deleted: usize,
}

/// What came of an atom's turn.
enum Outcome {
    Kept,
    Changed(Atom),
    /// The picture is better without it.
    Deleted,
}

/// One atom's turn.
struct Job {
    index: usize,
    /// The pixels that its candidates may touch; those that would touch others are left out.
    bounds: PixelBox,
    splat: Splat,
}

impl Search {
    /// A search over `atoms` of a picture at a colour step. `residual` is what is drawn, with
    /// the atoms, minus what is wanted, in the orthonormal basis, `[C, H, W]`.
    pub fn new(
        size: Size,
        channels: usize,
        step: u8,
        lambda: f32,
        residual: Vec<f32>,
        atoms: Vec<Atom>,
    ) -> Self {
        let step_square = Coded::step_of(step).powi(2) as f32;
        let rules = Rules { size, channels, step, step_square, lambda, arch: Arch::new() };
        let rows = RowMap::identity(atoms.len());
        Self { rules, residual, atoms, rows, others: 0 }
    }

    /// The same among so many others that stay as they are.
    pub fn among(self, others: usize) -> Self {
        Self { others, ..self }
    }

    /// The atoms as they are now.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// The atoms in the end, and which of the first each was.
    pub fn into_atoms(self) -> (Vec<Atom>, RowMap) {
        (self.atoms, self.rows)
    }

    /// Takes away the atoms that are worth least for their bits, `bits` in all, about, and at
    /// least one. Returns the bits that these take, about.
    pub fn drop_least(&mut self, bits: f64) -> f64 {
        let costs = self.costs();
        let size = self.rules.size;
        // What half the squared error rises by without an atom, for each of its bits.
        let mut worth: Vec<(f32, f32, usize)> = (0..self.atoms.len())
            .into_par_iter()
            .map(|index| {
                let atom = &self.atoms[index];
                let cost = costs.atom(atom);
                let splat = Splat::new(self.rules.step, atom);
                let Some(bounds) = splat.bounds(size) else { return (f32::MIN, cost, index) };
                let mut patch = Patch::default();
                patch.take(&self.residual, self.rules.channels, size.width, bounds);
                let response = patch.probe(self.rules.arch, &splat);
                let color = splat.color(atom);
                let slope: f32 = color.iter().zip(response.color).map(|(c, s)| c * s).sum();
                let square: f32 = color.iter().map(|c| c * c).sum();
                ((0.5 * square * response.mass - slope) / cost, cost, index)
            })
            .collect();
        worth.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        let mut dropped = 0.0;
        let mut alive = vec![true; self.atoms.len()];
        for (_, cost, index) in worth {
            self.erase(self.atoms[index]);
            alive[index] = false;
            dropped += f64::from(cost);
            if dropped >= bits {
                break;
            }
        }
        self.retain(&alive);
        dropped
    }

    fn costs(&self) -> Costs {
        Costs::of(&self.atoms, self.others, self.rules.channels, self.rules.size)
    }

    fn retain(&mut self, alive: &[bool]) {
        self.rows.retain(alive);
        let mut alive = alive.iter();
        self.atoms.retain(|_| alive.next().copied().unwrap_or(true));
    }

    fn erase(&mut self, atom: Atom) {
        let splat = Splat::new(self.rules.step, &atom);
        let Some(bounds) = splat.bounds(self.rules.size) else { return };
        let mut patch = Patch::default();
        patch.take(&self.residual, self.rules.channels, self.rules.size.width, bounds);
        patch.add(self.rules.arch, &splat, splat.color(&atom).map(|v| -v));
        patch.put(&mut self.residual, self.rules.size);
    }

    /// Gives every atom its turn once.
    pub fn sweep(&mut self) -> Changes {
        let costs = self.costs();
        let (size, step) = (self.rules.size, self.rules.step);
        let mut jobs: Vec<Job> = (0..self.atoms.len())
            .into_par_iter()
            .filter_map(|index| Job::new(index, &self.atoms[index], step, size))
            .collect();
        // In no order of the picture, so that many can go on at the same time.
        jobs.sort_by_key(|job| ((job.index as u32).wrapping_mul(0x9E37_79B1), job.index));
        // Those without a job lie outside the picture.
        let mut alive = vec![false; self.atoms.len()];
        let mut changed = 0;
        for (job, outcome) in jobs.iter().zip(self.settle_all(&jobs, &costs)) {
            match outcome {
                Outcome::Kept => {}
                Outcome::Changed(atom) => {
                    self.atoms[job.index] = atom;
                    changed += 1;
                }
                Outcome::Deleted => continue,
            }
            alive[job.index] = true;
        }
        self.retain(&alive);
        Changes { changed, deleted: alive.iter().filter(|alive| !**alive).count() }
    }

    /// What comes of all jobs, one after the other where they touch.
    fn settle_all(&mut self, jobs: &[Job], costs: &Costs) -> Vec<Outcome> {
        let Size { width, .. } = self.rules.size;
        let boxes: Vec<PixelBox> = jobs.iter().map(|job| job.bounds).collect();
        let residual = RwLock::new(std::mem::take(&mut self.residual));
        let patches: Mutex<Vec<Patch>> = Mutex::default();
        let outcomes: Vec<OnceLock<Outcome>> = jobs.iter().map(|_| OnceLock::new()).collect();
        in_turns(&boxes, self.rules.size, |place| {
            let job = &jobs[place];
            let mut patch = unpoisoned(patches.lock()).pop().unwrap_or_default();
            patch.take(&unpoisoned(residual.read()), self.rules.channels, width, job.bounds);
            let outcome = self.settle(job, costs, &mut patch);
            if !matches!(outcome, Outcome::Kept) {
                patch.put(&mut unpoisoned(residual.write()), self.rules.size);
            }
            unpoisoned(patches.lock()).push(patch);
            // Every job has its own, and runs once.
            let _ = outcomes[place].set(outcome);
        });
        self.residual = unpoisoned(residual.into_inner());
        outcomes.into_iter().map(|outcome| outcome.into_inner().unwrap_or(Outcome::Kept)).collect()
    }

    /// Finds the best atom in place of one. The patch becomes the picture with it.
    fn settle(&self, job: &Job, costs: &Costs, patch: &mut Patch) -> Outcome {
        let (atom, arch) = (&self.atoms[job.index], self.rules.arch);
        let color = job.splat.color(atom);
        let moments = patch.moments(arch, &job.splat, color);
        patch.add(arch, &job.splat, color.map(|v| -v));
        let found = Turn::take(&self.rules, costs, patch, (atom, &job.splat), moments);
        match found.filter(|found| found.value < 0.0) {
            None => Outcome::Deleted,
            Some(found) if found.atom == *atom => Outcome::Kept,
            Some(found) => {
                patch.add(arch, &found.splat, found.splat.color(&found.atom));
                Outcome::Changed(found.atom)
            }
        }
    }
}

impl Job {
    /// The turn of an atom; nothing if it lies outside the picture.
    fn new(index: usize, atom: &Atom, step: u8, size: Size) -> Option<Self> {
        let splat = Splat::new(step, atom);
        let steps = atom.steps();
        let larger = (-(steps.scale_bits as f32)).exp2().exp2();
        let [column, row] = Lattice::new(steps, &atom.shape()).steps_px();
        let bounds = splat.bounds_around(size, larger, column.max(row))?;
        Some(Self { index, bounds, splat })
    }
}

/// What a lock guards. A thread that panicked ends the search, and nobody looks at it any more.
fn unpoisoned<T>(guard: Result<T, PoisonError<T>>) -> T {
    guard.unwrap_or_else(PoisonError::into_inner)
}
