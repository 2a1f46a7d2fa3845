//! Discrete search: every integer of every atom against the true residual.
//!
//! An atom is taken out of the picture; it comes back with the integers, one step away at most,
//! and the colour that make `D + lambda R` smallest, or not at all. Atoms that touch are handled
//! one after the other and those that do not at the same time, in waves that depend on nothing
//! but the atoms: the result is the same on any number of threads.

use pulp::Arch;
use rayon::prelude::*;

use super::costs::Costs;
use super::patch::{Patch, PixelBox, Response};
use super::quantize::Geometry;
use super::splat::Splat;
use crate::codec::coded::Coded;
use crate::codec::coded::atom::{Atom, Lattice, MAX_COMPONENT, MAX_COMPONENTS, POSITION_BITS};
use crate::codec::coded::fixed::{HALF_TURN, OCTAVE};
use crate::image::Size;
use crate::optim::RowMap;

/// Side of the cells that keep count of waves, in pixels.
const CELL_PX: usize = 8;

/// Smallest part of a Gaussian's mass that must lie in the picture.
const LEAST_MASS: f32 = 1e-6;

/// What a single step must promise to first order, in squares of the colour step. It takes half
/// of one from curvature, for all steps are that large; the colour that follows gives some back.
const LEAST_PULL: f64 = 0.3;

/// A picture being searched.
pub struct Search {
    size: Size,
    channels: usize,
    step: u8,
    /// Square of the colour step.
    step_square: f32,
    /// Cost of a bit, in half the sum of squared differences.
    lambda: f32,
    /// Drawn minus wanted in the orthonormal basis, `[C, H, W]`.
    residual: Vec<f32>,
    /// The atoms.
    atoms: Vec<Atom>,
    /// Where among the atoms of the beginning each comes from.
    rows: RowMap,
    arch: Arch,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Atoms that changed.
    pub changed: usize,
    /// Atoms that went.
    pub deleted: usize,
}

/// What came of an atom's turn, and of the pixels around it.
enum Outcome {
    Kept,
    Changed(Atom, Patch),
    /// The picture is better without it.
    Deleted(Patch),
}

/// One atom's turn.
struct Job {
    index: usize,
    /// The pixels that its candidates may touch; those that would touch others are left out.
    bounds: PixelBox,
    splat: Splat,
}

#[derive(Clone, Copy)]
struct Candidate {
    geometry: Geometry,
    atom: Atom,
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
        let rows = RowMap::identity(atoms.len());
        Self { size, channels, step, step_square, lambda, residual, atoms, rows, arch: Arch::new() }
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
        let costs = Costs::of(&self.atoms, self.channels, self.size);
        let size = self.size;
        // What half the squared error rises by without an atom, for each of its bits.
        let mut worth: Vec<(f32, f32, usize)> = (0..self.atoms.len())
            .into_par_iter()
            .map(|index| {
                let atom = &self.atoms[index];
                let cost = costs.atom(atom);
                let splat = Splat::new(self.step, atom);
                let Some(bounds) = splat.bounds(size) else { return (f32::MIN, cost, index) };
                let mut patch = Patch::default();
                patch.take(&self.residual, self.channels, size.width, bounds);
                let response = patch.probe(self.arch, &splat);
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

    fn retain(&mut self, alive: &[bool]) {
        self.rows.retain(alive);
        let mut alive = alive.iter();
        self.atoms.retain(|_| alive.next().copied().unwrap_or(true));
    }

    fn erase(&mut self, atom: Atom) {
        let splat = Splat::new(self.step, &atom);
        let Some(bounds) = splat.bounds(self.size) else { return };
        let mut patch = Patch::default();
        patch.take(&self.residual, self.channels, self.size.width, bounds);
        patch.add(self.arch, &splat, splat.color(&atom).map(|v| -v));
        patch.put(&mut self.residual, self.size.width);
    }

    /// Gives every atom its turn once.
    pub fn sweep(&mut self) -> Changes {
        let costs = Costs::of(&self.atoms, self.channels, self.size);
        let (size, step) = (self.size, self.step);
        let jobs: Vec<Option<Job>> = (0..self.atoms.len())
            .into_par_iter()
            .map(|index| Job::new(index, &self.atoms[index], step, size))
            .collect();
        let mut alive: Vec<bool> = jobs.iter().map(Option::is_some).collect();
        let mut changes =
            Changes { deleted: alive.iter().filter(|alive| !**alive).count(), changed: 0 };
        for wave in waves(jobs.into_iter().flatten().collect(), size) {
            let done: Vec<(usize, Outcome)> = wave
                .into_par_iter()
                .map_init(Patch::default, |patch, job| {
                    patch.take(&self.residual, self.channels, size.width, job.bounds);
                    (job.index, self.settle(&job, &costs, patch))
                })
                .collect();
            for (index, outcome) in done {
                match outcome {
                    Outcome::Kept => {}
                    Outcome::Changed(atom, patch) => {
                        patch.put(&mut self.residual, size.width);
                        self.atoms[index] = atom;
                        changes.changed += 1;
                    }
                    Outcome::Deleted(patch) => {
                        patch.put(&mut self.residual, size.width);
                        alive[index] = false;
                        changes.deleted += 1;
                    }
                }
            }
        }
        self.retain(&alive);
        changes
    }

    /// Finds the best atom in place of one. The patch is taken where the picture changes.
    fn settle(&self, job: &Job, costs: &Costs, patch: &mut Patch) -> Outcome {
        let atom = self.atoms[job.index];
        let color = job.splat.color(&atom);
        let moments = patch.moments(self.arch, &job.splat, color);
        patch.add(self.arch, &job.splat, color.map(|v| -v));
        let here = Candidate { geometry: Geometry::of_atom(&atom), atom, splat: job.splat };
        let mut candidates = vec![here];
        for (change, geometry) in moves(&atom, moments) {
            if change < -LEAST_PULL * f64::from(self.step_square) {
                candidates.extend(self.candidate(geometry, atom.color, patch));
            }
        }
        let mut best: Option<(f32, Candidate)> = None;
        let mut consider = |value: f32, candidate: Candidate| {
            if best.is_none_or(|(least, _)| value < least) {
                best = Some((value, candidate));
            }
        };
        for candidate in &candidates {
            let response = patch.probe(self.arch, &candidate.splat);
            if response.mass < LEAST_MASS {
                continue;
            }
            consider(self.objective(costs, candidate, &response), *candidate);
            let color = self.best_color(costs, candidate, &response);
            if color == [0; MAX_COMPONENTS] || color == candidate.atom.color {
                continue;
            }
            let Some(recolored) = self.candidate(candidate.geometry, color, patch) else {
                continue;
            };
            let response = if recolored.splat == candidate.splat {
                response
            } else {
                patch.probe(self.arch, &recolored.splat)
            };
            if response.mass >= LEAST_MASS {
                consider(self.objective(costs, &recolored, &response), recolored);
            }
        }
        match best.filter(|(value, _)| *value < 0.0) {
            None => Outcome::Deleted(std::mem::take(patch)),
            Some((_, found)) if found.atom == atom => Outcome::Kept,
            Some((_, found)) => {
                patch.add(self.arch, &found.splat, found.splat.color(&found.atom));
                Outcome::Changed(found.atom, std::mem::take(patch))
            }
        }
    }

    /// The nearest atom of a geometry and a colour, if it stays inside the patch.
    fn candidate(
        &self,
        geometry: Geometry,
        color: [i32; MAX_COMPONENTS],
        patch: &Patch,
    ) -> Option<Candidate> {
        let atom = geometry.quantize(color, self.size);
        let splat = Splat::new(self.step, &atom);
        let bounds = splat.bounds(self.size)?;
        patch.bounds().contains(&bounds).then_some(Candidate { geometry, atom, splat })
    }

    /// What the picture gains or loses by a candidate: `D + lambda R` against no atom at all.
    fn objective(&self, costs: &Costs, candidate: &Candidate, response: &Response) -> f32 {
        let color = candidate.splat.color(&candidate.atom);
        let slope: f32 = color.iter().zip(response.color).map(|(c, s)| c * s).sum();
        let square: f32 = color.iter().map(|c| c * c).sum();
        slope + 0.5 * square * response.mass + self.lambda * costs.atom(&candidate.atom)
    }

    /// The colour that lowers the error most, component by component drawn towards zero as far
    /// as its bits are not worth it.
    fn best_color(
        &self,
        costs: &Costs,
        candidate: &Candidate,
        response: &Response,
    ) -> [i32; MAX_COMPONENTS] {
        let unit = candidate.splat.amplitude;
        let exact = response.color.map(|slope| -slope / (response.mass * unit));
        let weight = 0.5 * response.mass * unit * unit;
        let pick = |exact: f32, bits: &dyn Fn(i32) -> f32| {
            let near = exact.round().clamp(-MAX_COMPONENT as f32, MAX_COMPONENT as f32) as i32;
            let toward = near.signum();
            let mut best = (f32::INFINITY, 0);
            for k in [near, near - toward, near - 2 * toward, 0] {
                let value = weight * (k as f32 - exact).powi(2) + self.lambda * bits(k);
                if value < best.0 {
                    best = (value, k);
                }
            }
            best.1
        };
        // The geometry takes six bits more for each doubling of |k|.
        let geometry = |k: i32, rest: f32| 3.0 * ((k * k) as f32 + rest).max(1.0).log2();
        let mut color = [0; MAX_COMPONENTS];
        let others: f32 = exact[1..self.channels].iter().map(|v| v * v).sum();
        color[0] = pick(exact[0], &|k| costs.luma(k) + geometry(k, others));
        let square = (color[0] * color[0]) as f32;
        for component in 1..self.channels {
            color[component] = pick(exact[component], &|k| {
                costs.other(component, color[0], k) + geometry(k, square)
            });
        }
        color
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

/// Single steps along the integers of an atom's geometry, each with what half the squared error
/// changes by to first order. `moments` are those of the atom's colour against the residual.
fn moves(atom: &Atom, moments: [f32; 6]) -> Vec<(f64, Geometry)> {
    let here = Geometry::of_atom(atom);
    let (steps, shape) = (atom.steps(), atom.shape());
    let lattice = Lattice::new(steps, &shape);
    let [s1, s2] = here.scale.map(|log| (log / f64::from(OCTAVE)).exp2());
    let angle = here.turn / f64::from(HALF_TURN) * std::f64::consts::PI;
    let (sin, cos) = angle.sin_cos();
    let [all, x, y, xx, xy, yy] = moments.map(f64::from);
    // Moments in coordinates along the axes, in units of the standard deviations.
    let (u, v) = ((cos * x + sin * y) / s1, (cos * y - sin * x) / s2);
    let uu = (cos * cos * xx + 2.0 * sin * cos * xy + sin * sin * yy) / (s1 * s1);
    let vv = (sin * sin * xx - 2.0 * sin * cos * xy + cos * cos * yy) / (s2 * s2);
    let uv = (sin * cos * (yy - xx) + (cos * cos - sin * sin) * xy) / (s1 * s2);

    let mut found = Vec::with_capacity(5);
    let step_px = lattice.steps_px().map(f64::from);
    for (axis, slope) in [u / s1, v / s2].into_iter().enumerate() {
        let slope = slope * step_px[axis];
        let mut place = atom.place;
        place[axis] -= slope.signum() as i32;
        let unit = (1_u64 << POSITION_BITS) as f64;
        let mean_px = lattice.point(place).map(|v| v as f64 / unit);
        found.push((-slope.abs(), Geometry { mean_px, ..here }));
    }
    // The amplitude of a unit-energy atom falls as the root of its scales.
    let scale_step = f64::from(OCTAVE >> steps.scale_bits);
    for (axis, slope) in [uu - 0.5 * all, vv - 0.5 * all].into_iter().enumerate() {
        let slope = slope * scale_step / f64::from(OCTAVE) * std::f64::consts::LN_2;
        let mut scaled = here;
        scaled.scale[axis] -= slope.signum() * scale_step;
        found.push((-slope.abs(), scaled));
    }
    let bits = steps.angle_bits(shape.scale);
    if bits > 0 {
        let turn_step = f64::from(HALF_TURN >> bits);
        let slope =
            uv * (s1 / s2 - s2 / s1) * turn_step / f64::from(HALF_TURN) * std::f64::consts::PI;
        let turn = here.turn - slope.signum() * turn_step;
        found.push((-slope.abs(), Geometry { turn, ..here }));
    }
    found
}

/// Jobs in waves: those of a wave do not touch each other. Within the order that a hash of the
/// index gives, every job comes as early as those before it that it touches allow.
fn waves(mut jobs: Vec<Job>, size: Size) -> Vec<Vec<Job>> {
    let columns = size.width.div_ceil(CELL_PX);
    let mut latest = vec![0_usize; columns * size.height.div_ceil(CELL_PX)];
    jobs.sort_by_key(|job| ((job.index as u32).wrapping_mul(0x9E37_79B1), job.index));
    let mut waves: Vec<Vec<Job>> = Vec::new();
    for job in jobs {
        let PixelBox { left, top, right, bottom } = job.bounds;
        let rows = top / CELL_PX..bottom.div_ceil(CELL_PX);
        let cells = left / CELL_PX..right.div_ceil(CELL_PX);
        let row = |y: usize| y * columns + cells.start..y * columns + cells.end;
        let wave = rows.clone().flat_map(|y| &latest[row(y)]).copied().max().unwrap_or_default();
        for y in rows {
            latest[row(y)].fill(wave + 1);
        }
        if waves.len() <= wave {
            waves.push(Vec::new());
        }
        waves[wave].push(job);
    }
    waves
}
