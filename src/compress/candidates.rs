//! Which atoms near one are worth a look.
//!
//! Along the integers of an atom's geometry the squared error is about a parabola each: its slope
//! comes from the moments of the residual, its curvature from the atom alone, and they do not mix
//! (see [`crate::codec::coded::atom`]). That makes an ideal geometry, between the integers. The
//! atoms that are looked at are those nearest to it, as the sum of parabolas says.

use super::quantize::Geometry;
use crate::codec::coded::atom::{Atom, POSITION_BITS};
use crate::codec::coded::fixed::{HALF_TURN, OCTAVE};
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
    /// What half the squared error rises by if the parity of the colour changes, about.
    pub flip: f32,
}

/// A candidate: the atom's colour with another geometry.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// It need not be whole: then its colour has to change.
    pub atom: Atom,
    /// Its shape at the ideal place.
    pub geometry: Geometry,
    /// What half the squared error changes by from the atom to this, about.
    pub change: f32,
}

/// The candidates, the likeliest first, without the atom itself: at most two places for each of
/// eight shapes.
pub fn candidates(atom: &Atom, size: Size, around: &Surrounding) -> Vec<Candidate> {
    let parabolas = Parabolas::new(atom, around);
    let (ideal, here) = (parabolas.ideal(), parabolas.here());
    let mut found: Vec<Candidate> = Vec::with_capacity(16);
    for shape in parabolas.shapes() {
        let geometry = Geometry { mean_px: ideal, ..shape.geometry };
        for is_odd in [false, true] {
            let near = geometry.quantize_as(atom.color, size, is_odd);
            if near == *atom || found.iter().any(|candidate| candidate.atom == near) {
                continue;
            }
            let off_by = parabolas.away_from_ideal(&near);
            let flip = if near.is_whole() { 0.0 } else { f64::from(around.flip) };
            let change = (shape.excess + off_by + flip - here) as f32;
            found.push(Candidate { atom: near, geometry, change });
        }
    }
    found.sort_by(|a, b| a.change.total_cmp(&b.change));
    found
}

/// A shape near the ideal one.
struct Shape {
    geometry: Geometry,
    /// What half the squared error is above the ideal one's.
    excess: f64,
}

/// Half the squared error along one integer of the shape.
#[derive(Clone, Copy, Default)]
struct Parabola {
    /// Where it is least, relative to the atom, in steps.
    ideal: f64,
    /// Second derivative by the step.
    curvature: f64,
    /// The step in the units of [`Geometry`]; 0 where the integer has one value only.
    step: f64,
}

impl Parabola {
    /// From slope and curvature by a quantity of which a step is `unit`.
    fn new(slope: f64, curvature: f64, unit: f64, step: f64) -> Self {
        let ideal = (-slope / (curvature * unit)).clamp(-FARTHEST, FARTHEST);
        Self { ideal, curvature: curvature * unit * unit, step }
    }

    /// What it is above its least value, so many steps from the atom.
    fn excess(&self, steps: f64) -> f64 {
        0.5 * self.curvature * (steps - self.ideal).powi(2)
    }
}

/// Half the squared error around an atom.
struct Parabolas {
    here: Geometry,
    /// Standard deviations, and direction of the larger.
    sigma_px: [f64; 2],
    axis: [f64; 2],
    /// Ideal position relative to the atom, in standard deviations.
    shift: [f64; 2],
    energy: f64,
    /// Along both scales and the angle.
    shape: [Parabola; 3],
}

impl Parabolas {
    fn new(atom: &Atom, around: &Surrounding) -> Self {
        let here = Geometry::of_atom(atom);
        let (steps, shape) = (atom.steps(), atom.shape());
        let [s1, s2] = here.scale.map(|log| (log / f64::from(OCTAVE)).exp2());
        let angle = here.turn / f64::from(HALF_TURN) * std::f64::consts::PI;
        let (sin, cos) = angle.sin_cos();
        let [all, x, y, xx, xy, yy] = around.moments.map(f64::from);
        // Moments in coordinates along the axes, in units of the standard deviations.
        let (u, v) = ((cos * x + sin * y) / s1, (cos * y - sin * x) / s2);
        let uu = (cos * cos * xx + 2.0 * sin * cos * xy + sin * sin * yy) / (s1 * s1);
        let vv = (sin * sin * xx - 2.0 * sin * cos * xy + cos * cos * yy) / (s2 * s2);
        let uv = (sin * cos * (yy - xx) + (cos * cos - sin * sin) * xy) / (s1 * s2);

        let energy = f64::from(around.energy).max(1e-12);
        // The slope for a step of one standard deviation is `u`, the curvature half the energy.
        let strength = (atom.energy().max(1) as f64).sqrt();
        let far = FARTHEST * std::f64::consts::SQRT_2 / strength;
        let shift = [u, v].map(|slope| (-2.0 * slope / energy).clamp(-far, far));
        let step = f64::from(OCTAVE >> steps.scale_bits);
        let unit = step / f64::from(OCTAVE) * std::f64::consts::LN_2;
        // The amplitude of a unit-energy atom falls as the root of its scales.
        let scale = |slope: f64| Parabola::new(slope - 0.5 * all, 0.5 * energy, unit, step);
        let bits = steps.angle_bits(shape.scale);
        let turn = if bits > 0 {
            let step = f64::from(HALF_TURN >> bits);
            let unit = step / f64::from(HALF_TURN) * std::f64::consts::PI;
            let lever = s1 / s2 - s2 / s1;
            Parabola::new(uv * lever, 0.25 * energy * lever * lever, unit, step)
        } else {
            Parabola::default()
        };
        let shape = [scale(uu), scale(vv), turn];
        Self { here, sigma_px: [s1, s2], axis: [cos, sin], shift, energy, shape }
    }

    /// The ideal centre in pixels.
    fn ideal(&self) -> [f64; 2] {
        let [cos, sin] = self.axis;
        let [a, b] = [self.shift[0] * self.sigma_px[0], self.shift[1] * self.sigma_px[1]];
        let [x, y] = self.here.mean_px;
        [x + cos * a - sin * b, y + sin * a + cos * b]
    }

    /// What the place of an atom costs against the ideal one.
    fn away_from_ideal(&self, atom: &Atom) -> f64 {
        let unit = (1_u64 << POSITION_BITS) as f64;
        let at = atom.position().map(|v| v as f64 / unit);
        let ideal = self.ideal();
        let (x, y) = (at[0] - ideal[0], at[1] - ideal[1]);
        let [cos, sin] = self.axis;
        let (a, b) =
            ((cos * x + sin * y) / self.sigma_px[0], (cos * y - sin * x) / self.sigma_px[1]);
        0.25 * self.energy * (a * a + b * b)
    }

    /// What the atom itself costs against the ideal one.
    fn here(&self) -> f64 {
        let place = 0.25 * self.energy * (self.shift[0].powi(2) + self.shift[1].powi(2));
        let shape: f64 = self.shape.iter().map(|parabola| parabola.excess(0.0)).sum();
        place + shape
    }

    /// The shapes on both sides of the ideal one.
    fn shapes(&self) -> Vec<Shape> {
        let mut shapes = vec![Shape { geometry: self.here, excess: 0.0 }];
        for (axis, parabola) in self.shape.iter().enumerate() {
            if parabola.step == 0.0 {
                continue;
            }
            let low = parabola.ideal.floor();
            let beside = |shape: Shape| {
                [low, low + 1.0].map(|steps| {
                    let mut geometry = shape.geometry;
                    match axis {
                        2 => geometry.turn += steps * parabola.step,
                        _ => geometry.scale[axis] += steps * parabola.step,
                    }
                    Shape { geometry, excess: shape.excess + parabola.excess(steps) }
                })
            };
            shapes = shapes.into_iter().flat_map(beside).collect();
        }
        shapes
    }
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

        fn candidates(&self) -> Vec<Candidate> {
            let (arch, splat) = (Arch::new(), Splat::new(self.step, &self.atom));
            let color = splat.color(&self.atom);
            let moments = self.residual.moments(arch, &splat, color);
            let mass = self.residual.probe(arch, &splat).mass;
            let square: f32 = color.iter().map(|c| c * c).sum();
            candidates(&self.atom, SIZE, &Surrounding { moments, energy: square * mass, flip: 0.0 })
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

    fn shifted(mut atom: Atom, [columns, rows]: [i32; 2]) -> Atom {
        atom.place = [atom.place[0] + columns, atom.place[1] + rows];
        atom
    }

    /// So many steps of the scales and the angle on. Another shape has another lattice: it
    /// stands where it comes closest.
    fn reshaped(atom: Atom, scales: [i32; 2], turn: i32) -> Atom {
        let mut geometry = Geometry::of_atom(&atom);
        let steps = atom.steps();
        for (log, by) in geometry.scale.iter_mut().zip(scales) {
            *log += f64::from(by * (OCTAVE >> steps.scale_bits));
        }
        let bits = steps.angle_bits(atom.shape().scale);
        geometry.turn += f64::from(turn * (HALF_TURN >> bits) as i32);
        geometry.quantize(atom.color, SIZE)
    }

    #[test]
    fn what_the_picture_wants_is_among_the_first_candidates() {
        let atom = example();
        let wanted = [
            shifted(atom, [1, 1]),
            shifted(atom, [-1, 1]),
            shifted(atom, [0, 2]),
            reshaped(atom, [1, 0], 0),
            reshaped(atom, [0, -1], 0),
            reshaped(atom, [0, 0], 1),
            reshaped(atom, [1, 1], 0),
            reshaped(atom, [-1, 0], 0),
        ];
        let energy =
            0.5 * atom.energy() as f32 * Coded::step_of(Coded::step_near(0.4)).powi(2) as f32;
        for other in wanted {
            assert!(other.is_whole() && other != atom);
            let scene = Scene::new(atom, &other);
            let found = scene.candidates();
            // Rounding to whole steps puts a neighbour or two before it.
            let place = found.iter().position(|candidate| candidate.atom == other);
            assert!(place.is_some_and(|place| place < 4), "{atom:?} to {other:?}: {place:?}");
            for candidate in &found[..4] {
                let exact = scene.change(&candidate.atom);
                // They are parabolas through one point: good for an order, not for a digit.
                assert!((candidate.change - exact).abs() < 0.04 * energy, "{candidate:?}: {exact}");
            }
        }
    }
}
