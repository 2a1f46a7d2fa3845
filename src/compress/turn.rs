//! One atom's turn in a search: the atom that makes `D + lambda R` smallest in its place.

use pulp::Arch;

use super::candidates::{Surrounding, candidates};
use super::costs::Costs;
use super::patch::{Patch, Response};
use super::quantize::Geometry;
use super::splat::Splat;
use crate::codec::coded::atom::{Atom, MAX_COMPONENT, MAX_COMPONENTS};
use crate::image::Size;

/// Smallest part of a Gaussian's mass that must lie in the picture.
const LEAST_MASS: f32 = 1e-6;

/// What a colour of the other parity must promise more, in squares of the colour step: the place
/// moves with it.
const FLIP: f32 = 0.1;

/// What a candidate may promise less than the best so far, in squares of the colour step.
const HOPE: f32 = 0.5;

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

/// A colour that an atom may have, and `D + lambda R` of it, up to what is the same for all.
#[derive(Clone, Copy)]
struct Choice {
    value: f32,
    color: [i32; MAX_COMPONENTS],
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
            turn.look(atom, &Geometry::of_atom(atom), splat, &response);
            let now = turn.objective(atom, splat, &response);
            let [same, other] = turn.colors(atom, splat, &response);
            let square: f32 = splat.color(atom).iter().map(|c| c * c).sum();
            let around = Surrounding {
                moments,
                energy: square * response.mass,
                flip: (other.value - same.value).abs(),
            };
            for candidate in candidates(atom, rules.size, &around) {
                let least = turn.best.map_or(0.0, |best| best.value);
                if now + candidate.change > least + HOPE * rules.step_square {
                    break;
                }
                if let Some((splat, response)) = turn.probe(&candidate.atom) {
                    turn.look(&candidate.atom, &candidate.geometry, &splat, &response);
                }
            }
        }
        turn.best
    }

    /// Considers an atom, with its colour and with better ones. `geometry` is where it would
    /// rather be: colours for which steps are others are put there.
    fn look(&mut self, atom: &Atom, geometry: &Geometry, splat: &Splat, response: &Response) {
        if atom.is_whole() {
            self.consider(atom, splat, response);
        }
        let [same, other] = self.colors(atom, splat, response);
        let other = Choice { value: other.value + FLIP * self.rules.step_square, ..other };
        for Choice { value, color } in [same, other] {
            if value > same.value || color == [0; MAX_COMPONENTS] || color == atom.color {
                continue;
            }
            let recolored = Atom { color, ..*atom };
            if recolored.is_whole() && recolored.has_steps_of(atom) {
                self.consider(&recolored, splat, response);
                continue;
            }
            let recolored = geometry.quantize(color, self.rules.size);
            if let Some((splat, response)) = self.probe(&recolored) {
                self.consider(&recolored, &splat, &response);
            }
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
    /// as its bits are not worth it: the best with which the atom is whole, and the best with which
    /// it is not.
    fn colors(&self, atom: &Atom, splat: &Splat, response: &Response) -> [Choice; 2] {
        let channels = self.rules.channels;
        let unit = splat.amplitude;
        let exact = response.color.map(|slope| -slope / (response.mass * unit));
        let weight = 0.5 * response.mass * unit * unit;
        let pick = |exact: f32, bits: &dyn Fn(i32) -> f32| {
            Component::pick(exact, |k| {
                weight * (k as f32 - exact).powi(2) + self.rules.lambda * bits(k)
            })
        };
        // The geometry takes six bits more for each doubling of |k|.
        let geometry = |k: i32, rest: f32| 3.0 * ((k * k) as f32 + rest).max(1.0).log2();
        let mut components = [Component::default(); MAX_COMPONENTS];
        let others: f32 = exact[1..channels].iter().map(|v| v * v).sum();
        components[0] = pick(exact[0], &|k| self.costs.luma(k) + geometry(k, others));
        let luma = components[0].best;
        let square = (luma * luma) as f32;
        for component in 1..channels {
            components[component] = pick(exact[component], &|k| {
                self.costs.other(component, luma, k) + geometry(k, square)
            });
        }
        let components = &components[..channels];
        let value = components.iter().map(|component| component.value).sum();
        let mut choice = Choice { value, color: [0; MAX_COMPONENTS] };
        for (k, component) in choice.color.iter_mut().zip(components) {
            *k = component.best;
        }
        let mut flipped = choice;
        let cheapest =
            (0..channels).min_by(|a, b| components[*a].loss.total_cmp(&components[*b].loss));
        if let Some(cheapest) = cheapest {
            flipped.color[cheapest] = components[cheapest].flipped;
            flipped.value += components[cheapest].loss;
        }
        let is_whole = Atom { color: choice.color, ..*atom }.is_whole();
        if is_whole { [choice, flipped] } else { [flipped, choice] }
    }
}

/// The best integer for one component of a colour, and the best of the other parity.
#[derive(Clone, Copy, Debug, Default)]
struct Component {
    best: i32,
    value: f32,
    flipped: i32,
    /// What the other one costs more.
    loss: f32,
}

impl Component {
    fn pick(exact: f32, value: impl Fn(i32) -> f32) -> Self {
        let limit = MAX_COMPONENT as f32;
        let near = exact.round().clamp(-limit, limit) as i32;
        let toward = near.signum();
        // On the other side of the exact value.
        let beyond = if exact > near as f32 { near + 1 } else { near - 1 };
        let beyond = beyond.clamp(-MAX_COMPONENT, MAX_COMPONENT);
        let mut best = [(f32::INFINITY, 0); 2];
        for k in [near, near - toward, near - 2 * toward, 0, beyond] {
            let value = value(k);
            let best = &mut best[(k & 1) as usize];
            if value < best.0 {
                *best = (value, k);
            }
        }
        let [even, odd] = best;
        let (best, other) = if odd.0 < even.0 { (odd, even) } else { (even, odd) };
        Self { best: best.1, value: best.0, flipped: other.1, loss: other.0 - best.0 }
    }
}
