//! One atom's turn in a search: the atom that makes `D + lambda R` smallest in its place.

use pulp::Arch;

use super::candidates::{Surrounding, candidates};
use super::costs::Costs;
use super::geometry::Geometry;
use super::palette::{Component, Palette};
use super::patch::{Patch, Response};
use super::splat::Splat;
use crate::codec::coded::atom::{Atom, MAX_COMPONENTS};
use crate::image::Size;

/// Smallest part of a Gaussian's mass that must lie in the picture.
const LEAST_MASS: f32 = 1e-6;

/// What a candidate may promise less than the best so far, in squares of the colour step.
const HOPE: f32 = 2.0;

/// What holds for all atoms of a search.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Size of the picture.
    pub size: Size,
    /// Components of a colour.
    pub channels: usize,
    /// Colour step, see [`crate::codec::coded::Coded::step_log`].
    pub step: u8,
    /// Its square.
    pub step_square: f32,
    /// Cost of a bit, in half the sum of squared differences.
    pub lambda: f32,
    /// Vectors of this machine.
    pub arch: Arch,
}

/// The best so far.
#[derive(Clone, Copy)]
pub struct Found {
    /// `D + lambda R` against no atom at all.
    pub value: f32,
    /// The atom.
    pub atom: Atom,
    /// The atom as it is drawn.
    pub splat: Splat,
}

/// A turn. The patch shows the residual without the atom.
pub struct Turn<'a> {
    rules: &'a Rules,
    costs: &'a Costs,
    patch: &'a Patch,
    best: Option<Found>,
}

impl<'a> Turn<'a> {
    /// The turn of `atom`, drawn as `splat`; `moments` are those of its colour against the
    /// residual with it. Gives the best that stands in the patch, if any atom does.
    pub fn take(
        rules: &'a Rules,
        costs: &'a Costs,
        patch: &'a Patch,
        (atom, splat): (&Atom, &Splat),
        moments: [f32; 6],
    ) -> Option<Found> {
        let mut turn = Self { rules, costs, patch, best: None };
        let response = patch.probe(rules.arch, splat);
        if response.mass >= LEAST_MASS {
            let here = Geometry::of_atom(atom);
            let palette = turn.palette(atom.color, splat, &response);
            turn.look(atom, &here, splat, &response, &palette);
            let now = turn.objective(atom, splat, &response);
            let square: f32 = splat.color(atom).iter().map(|c| c * c).sum();
            let around = Surrounding { moments, energy: square * response.mass };
            let (ideal, candidates) =
                candidates(atom, rules.size, &around, |word| palette.color(word));
            for candidate in candidates {
                let least = turn.best.map_or(0.0, |best| best.value);
                if now + candidate.change > least + HOPE * rules.step_square {
                    break;
                }
                let atom = candidate.atom;
                if let Some((splat, response)) = turn.probe(&atom) {
                    let palette = turn.palette(atom.color, &splat, &response);
                    turn.look(&atom, &ideal, &splat, &response, &palette);
                }
            }
        }
        turn.best
    }

    /// Considers an atom, with its colour and with a better one. `geometry` is where it would
    /// rather be: a colour for which steps are others is put there.
    fn look(
        &mut self,
        atom: &Atom,
        geometry: &Geometry,
        splat: &Splat,
        response: &Response,
        palette: &Palette,
    ) {
        self.consider(atom, splat, response);
        let Some((color, change)) = palette.color(&atom.word()) else { return };
        if color == atom.color || change >= 0.0 {
            return;
        }
        let recolored = Atom { color, ..*atom };
        if recolored.has_steps_of(atom) {
            return self.consider(&recolored, splat, response);
        }
        let recolored = geometry.quantize(color, self.rules.size);
        if let Some((splat, response)) = self.probe(&recolored) {
            self.consider(&recolored, &splat, &response);
        }
    }

    fn consider(&mut self, atom: &Atom, splat: &Splat, response: &Response) {
        let value = self.objective(atom, splat, response);
        if self.best.is_none_or(|best| value < best.value) {
            self.best = Some(Found { value, atom: *atom, splat: *splat });
        }
    }

    /// What an atom sees, if it stays inside the patch.
    fn probe(&self, atom: &Atom) -> Option<(Splat, Response)> {
        let splat = Splat::new(self.rules.step, atom);
        let bounds = splat.bounds(self.rules.size)?;
        let response = || self.patch.probe(self.rules.arch, &splat);
        let response = self.patch.bounds().contains(&bounds).then(response)?;
        (response.mass >= LEAST_MASS).then_some((splat, response))
    }

    /// What the picture gains or loses by an atom: `D + lambda R` against no atom at all.
    fn objective(&self, atom: &Atom, splat: &Splat, response: &Response) -> f32 {
        let color = splat.color(atom);
        let slope: f32 = color.iter().zip(response.color).map(|(c, s)| c * s).sum();
        let square: f32 = color.iter().map(|c| c * c).sum();
        slope + 0.5 * square * response.mass + self.rules.lambda * self.costs.atom(atom)
    }

    /// The colours that lower the error most, component by component drawn towards zero as far
    /// as its bits are not worth it, against one that an atom has.
    fn palette(&self, now: [i32; MAX_COMPONENTS], splat: &Splat, response: &Response) -> Palette {
        let channels = self.rules.channels;
        let unit = splat.amplitude;
        let exact = response.color.map(|slope| -slope / (response.mass * unit));
        let weight = 0.5 * response.mass * unit * unit;
        let pick = |component: usize, bits: &dyn Fn(i32) -> f32| {
            let exact = exact[component];
            Component::pick(exact, now[component], |k| {
                weight * (k as f32 - exact).powi(2) + self.rules.lambda * bits(k)
            })
        };
        // The geometry takes six bits more for each doubling of |k|.
        let geometry = |k: i32, rest: f32| 3.0 * ((k * k) as f32 + rest).max(1.0).log2();
        let others: f32 = exact[1..channels].iter().map(|v| v * v).sum();
        let first = pick(0, &|k| self.costs.luma(k) + geometry(k, others));
        let luma = first.best().k;
        let square = (luma * luma) as f32;
        let components = std::array::from_fn(|component| match component {
            0 => first,
            _ if component >= channels => Component::default(),
            _ => pick(component, &|k| self.costs.other(component, luma, k) + geometry(k, square)),
        });
        Palette::new(components, channels)
    }
}
