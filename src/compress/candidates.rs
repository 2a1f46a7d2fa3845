//! Which atoms near one are worth a look.
//!
//! Along the integers of an atom's geometry the squared error is about a parabola each: its slope
//! comes from the moments of the residual, its curvature from the atom alone, and they do not mix
//! (see [`crate::codec::coded::atom`]). That makes an ideal geometry, between the integers. Each
//! word of parities (see [`crate::codec::coded::parity`]) has one atom that is nearest to it: these are
//! looked at.

use super::geometry::Geometry;
use crate::codec::coded::atom::{Atom, MAX_COMPONENTS};
use crate::codec::coded::fixed::{HALF_TURN, OCTAVE};
use crate::codec::coded::parity::Word;
use crate::image::Size;

/// Steps that the ideal may be away from the atom: the parabolas hold near it only.
const FARTHEST: f64 = 2.0;

/// What is known around an atom.
#[derive(Clone, Copy, Debug)]
pub struct Surrounding {
    /// Moments of the atom's colour against the residual with the atom.
    pub moments: [f32; 6],
    /// The atom's energy: the sum of its squares over all pixels and channels.
    pub energy: f32,
}

/// A candidate.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The atom.
    pub atom: Atom,
    /// What half the squared error changes by from the atom to this, about.
    pub change: f32,
}

/// The ideal geometry for an atom, and the candidates, the likeliest first, without the atom itself.
/// `color` gives the colour that is best with a word's parities, and what it changes; nothing if there is none.
pub fn candidates(
    atom: &Atom,
    size: Size,
    around: &Surrounding,
    color: impl Fn(&Word) -> Option<([i32; MAX_COMPONENTS], f32)>,
) -> (Geometry, Vec<Candidate>) {
    let ideal = ideal(atom, around);
    let energy = f64::from(around.energy);
    let here = energy * ideal.distance_to(atom);
    let mut found: Vec<Candidate> = Vec::with_capacity(16);
    for word in Word::all() {
        let Some((color, change)) = color(&word) else { continue };
        let near = ideal.quantize_as(color, word, size);
        if near != *atom {
            let its_energy = energy * near.energy() as f64 / atom.energy().max(1) as f64;
            let change = change + (its_energy * ideal.distance_to(&near) - here) as f32;
            found.push(Candidate { atom: near, change });
        }
    }
    found.sort_by(|a, b| a.change.total_cmp(&b.change));
    (ideal, found)
}

/// Where the squared error around an atom is least, as slopes and curvatures say.
fn ideal(atom: &Atom, around: &Surrounding) -> Geometry {
    let mut geometry = Geometry::of_atom(atom);
    let [s1, s2] = geometry.scale.map(|log| (log / f64::from(OCTAVE)).exp2());
    let angle = geometry.turn / f64::from(HALF_TURN) * std::f64::consts::PI;
    let (sin, cos) = angle.sin_cos();
    let [all, x, y, xx, xy, yy] = around.moments.map(f64::from);
    // Moments in coordinates along the axes, in units of the standard deviations.
    let (u, v) = ((cos * x + sin * y) / s1, (cos * y - sin * x) / s2);
    let uu = (cos * cos * xx + 2.0 * sin * cos * xy + sin * sin * yy) / (s1 * s1);
    let vv = (sin * sin * xx - 2.0 * sin * cos * xy + cos * cos * yy) / (s2 * s2);
    let uv = (sin * cos * (yy - xx) + (cos * cos - sin * sin) * xy) / (s1 * s2);

    let energy = f64::from(around.energy).max(1e-12);
    let strength = (atom.energy().max(1) as f64).sqrt();
    let far = FARTHEST * std::f64::consts::SQRT_2 / strength;
    // The slope for a step of one standard deviation is `u`, the curvature half the energy.
    let [a, b] = [(u, s1), (v, s2)].map(|(slope, s)| s * (-2.0 * slope / energy).clamp(-far, far));
    let [mean_x, mean_y] = geometry.mean_px;
    geometry.mean_px = [mean_x + cos * a - sin * b, mean_y + sin * a + cos * b];
    for (log, moment) in geometry.scale.iter_mut().zip([uu, vv]) {
        // The amplitude of a unit-energy atom falls as the root of its scales.
        let slope = moment - 0.5 * all;
        let by = (-2.0 * slope / energy).clamp(-far, far);
        *log += by / std::f64::consts::LN_2 * f64::from(OCTAVE);
    }
    if atom.has_angle() {
        let lever = s1 / s2 - s2 / s1;
        let far = FARTHEST * 2.0 / (strength * lever);
        let by = (-4.0 * uv / (energy * lever)).clamp(-far, far);
        geometry.turn += by / std::f64::consts::PI * f64::from(HALF_TURN);
    }
    geometry
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::*;
    use crate::codec::coded::Coded;
    use crate::compress::patch::{Patch, PixelBox};
    use crate::compress::splat::Splat;

    const SIZE: Size = Size::new(48, 40);

    /// A picture that shows one atom where another is wanted.
    struct Scene {
        residual: Patch,
        atom: Atom,
        step: u8,
    }

    impl Scene {
        fn new(atom: Atom, wanted: &Atom) -> Self {
            let whole = PixelBox { left: 0, top: 0, right: SIZE.width, bottom: SIZE.height };
            let mut residual = Patch::default();
            residual.take(&vec![0.0; 3 * SIZE.pixels()], 3, SIZE.width, whole);
            let mut scene = Self { residual, atom, step: Coded::step_near(0.4) };
            scene.draw(&atom, 1.0);
            scene.draw(wanted, -1.0);
            scene
        }

        fn draw(&mut self, atom: &Atom, sign: f32) {
            let splat = Splat::new(self.step, atom);
            self.residual.add(Arch::new(), &splat, splat.color(atom).map(|v| sign * v));
        }

        /// The candidates, if colours are best as near to `wanted` as parities let them.
        fn candidates(&self, wanted: &Atom) -> Vec<Candidate> {
            let (arch, splat) = (Arch::new(), Splat::new(self.step, &self.atom));
            let color = splat.color(&self.atom);
            let moments = self.residual.moments(arch, &splat, color);
            let mass = self.residual.probe(arch, &splat).mass;
            let square: f32 = color.iter().map(|c| c * c).sum();
            let around = Surrounding { moments, energy: square * mass };
            let off = |color: [i32; MAX_COMPONENTS]| -> i32 {
                color.iter().zip(wanted.color).map(|(k, other)| (k - other).pow(2)).sum()
            };
            let weight = 0.5 * mass * splat.amplitude.powi(2);
            let palette = |word: &Word| {
                let color = with_parities(wanted.color, word);
                Some((color, weight * (off(color) - off(self.atom.color)) as f32))
            };
            candidates(&self.atom, SIZE, &around, palette).1
        }

        /// Half the squared error with another atom instead, less that with this one: by adding up
        /// all pixels.
        fn change(&self, other: &Atom) -> f32 {
            let mut moved = Self { residual: self.residual.clone(), ..*self };
            moved.draw(&self.atom, -1.0);
            moved.draw(other, 1.0);
            moved.residual.half_square() - self.residual.half_square()
        }
    }

    fn example() -> Atom {
        let geometry = Geometry { mean_px: [22.3, 19.1], scale: [560.0, 330.0], turn: 300.0 };
        geometry.quantize([5, -2, 1, 0], SIZE)
    }

    /// The colour with these parities that is nearest to another.
    fn with_parities(mut color: [i32; MAX_COMPONENTS], word: &Word) -> [i32; MAX_COMPONENTS] {
        for (k, parity) in color.iter_mut().zip(word.color) {
            *k += (*k ^ parity) & 1;
        }
        color
    }

    #[test]
    fn what_the_picture_wants_is_among_the_first_candidates() {
        let atom = example();
        let geometry = Geometry::of_atom(&atom);
        let energy =
            0.5 * atom.energy() as f32 * Coded::step_of(Coded::step_near(0.4)).powi(2) as f32;
        // An atom's nearest ones, one for each word.
        for word in Word::all().filter(|word| *word != atom.word()) {
            let other = geometry.quantize_as(with_parities(atom.color, &word), word, SIZE);
            assert!(other.is_whole() && other != atom);
            let scene = Scene::new(atom, &other);
            let found = scene.candidates(&other);
            // Rounding to whole steps puts a neighbour or two before it.
            let place = found.iter().position(|candidate| candidate.atom == other);
            assert!(place.is_some_and(|place| place < 4), "{atom:?} to {other:?}: {place:?}");
            for candidate in &found[..4] {
                let exact = scene.change(&candidate.atom);
                // They are parabolas through one point: good for an order, not for a digit.
                assert!((candidate.change - exact).abs() < 0.06 * energy, "{candidate:?}: {exact}");
            }
        }
    }
}
