//! From continuous parameters to the nearest atom.

use super::geometry::Geometry;
use crate::codec::coded::Basis;
use crate::codec::coded::atom::{
    Atom, MAX_COMPONENT, MAX_COMPONENTS, POSITION_BITS, SMALLEST_SCALE, Shape, Steps, finest_angle,
};
use crate::codec::coded::fixed::{HALF_TURN, OCTAVE};
use crate::codec::coded::lattice::Lattice;
use crate::codec::coded::leaves::{Leaves, MARGIN_PX};
use crate::codec::coded::parity::Word;
use crate::gaussians::Gaussians;
use crate::image::Size;

/// How far outside the picture centres may lie, before they are rounded.
const REACH_PX: i64 = MARGIN_PX - 7;

/// The same for those that rounding then moves out of the leaves: from here it does not even where the
/// lattice is coarsest, 16 pixels both ways.
const SAFE_REACH_PX: i64 = MARGIN_PX - 12;

impl Geometry {
    /// The nearest atom of a colour.
    pub fn quantize(&self, color: [i32; MAX_COMPONENTS], size: Size) -> Atom {
        let [even, odd] =
            [0, 1].map(|smaller| self.quantize_as(color, Word::of(color, smaller), size));
        if self.distance_to(&odd) < self.distance_to(&even) { odd } else { even }
    }

    /// The nearest atom of a colour, of those whose other integers have the parities of a word.
    pub fn quantize_as(&self, color: [i32; MAX_COMPONENTS], word: Word, size: Size) -> Atom {
        let mut atom = Atom { color, ..Atom::default() };
        let steps = Steps::of(atom.energy());
        let (mut logs, mut turn) = (self.scale, self.turn);
        if logs[0] < logs[1] {
            logs.swap(0, 1);
            turn += f64::from(HALF_TURN / 2);
        }
        atom.scale = nearest_scales(logs, steps, word.scale);
        let scale = atom.scale.map(|level| steps.scale(level));
        let bits = steps.angle_bits(scale);
        if bits > 0 {
            let angles = 1 << bits;
            let angle = turn / f64::from(HALF_TURN) * f64::from(angles);
            atom.angle = nearest(angle, word.angle).rem_euclid(angles);
        }
        let shape = Shape { scale, turn: finest_angle(atom.angle, bits) };
        atom.place = self.nearest_place(&Lattice::new(steps, &shape), word.place, size);
        atom
    }

    /// The nearest place with these parities whose point is in a leaf.
    fn nearest_place(&self, lattice: &Lattice, parities: [i32; 2], size: Size) -> [i32; 2] {
        let unit = (1_u64 << POSITION_BITS) as f64;
        let within = |reach_px: i64| {
            let limits = [size.width, size.height].map(|side| (side as i64 + reach_px) as f64);
            let position = [0, 1].map(|axis| {
                let inside = self.mean_px[axis].clamp(-reach_px as f64, limits[axis]);
                (inside * unit).round() as i64
            });
            lattice.nearest(position, parities)
        };
        let place = within(REACH_PX);
        match Leaves::new(size).of(lattice.point(place)) {
            Some(_) => place,
            None => within(SAFE_REACH_PX),
        }
    }
}

/// The scales with these parities that are nearest to logarithms, the larger one first.
fn nearest_scales(logs: [f64; 2], steps: Steps, parities: [i32; 2]) -> [i32; 2] {
    let step = f64::from(OCTAVE >> steps.scale_bits);
    let levels = logs.map(|log| (log - f64::from(SMALLEST_SCALE)) / step);
    let most = parities.map(|parity| steps.scales() - 2 + parity);
    let [mut larger, mut smaller] =
        [0, 1].map(|axis| nearest(levels[axis], parities[axis]).clamp(parities[axis], most[axis]));
    if larger < smaller {
        // One of them goes on to the next of its parity: that which is then nearer to its level.
        let raising = levels[0] - f64::from(larger) >= f64::from(smaller) - levels[1];
        if larger < most[0] && (raising || smaller < 2) {
            larger += 2;
        } else {
            smaller -= 2;
        }
    }
    [larger, smaller]
}

/// The number of a parity that is nearest to a value.
fn nearest(value: f64, parity: i32) -> i32 {
    2 * ((value - f64::from(parity)) / 2.0).round() as i32 + parity
}

/// Every Gaussian's nearest atom at a colour step `d`; nothing for those that round to no colour.
pub fn quantize_all(
    gaussians: &Gaussians,
    basis: &Basis,
    step: f64,
    size: Size,
) -> Vec<Option<Atom>> {
    let components = basis.components();
    let atom = |index: usize| {
        let [a, b, c, d] = gaussians.factor_px[index].map(f64::from);
        let norm = (std::f64::consts::PI * (a * d - b * c).abs()).sqrt() / step;
        let most = f64::from(MAX_COMPONENT - 1);
        let color = components(gaussians.color_of(index));
        let color = color.map(|v| (f64::from(v) * norm).clamp(-most, most));
        let geometry = Geometry::of(gaussians.mean_px[index], gaussians.factor_px[index]);
        nearest_of_all(color, &geometry, gaussians.channels(), size)
    };
    (0..gaussians.len()).map(atom).collect()
}

/// The atom nearest to a colour in steps and a geometry, if the colour does not round to nothing.
fn nearest_of_all(
    color: [f64; MAX_COMPONENTS],
    geometry: &Geometry,
    channels: usize,
    size: Size,
) -> Option<Atom> {
    if color.iter().all(|v| v.round() == 0.0) {
        return None;
    }
    let energy: f64 = color.iter().map(|v| v * v).sum();
    let near = |word: Word| {
        let rounded: [i32; MAX_COMPONENTS] =
            std::array::from_fn(|index| match word.color.get(index) {
                Some(parity) => nearest(color[index], *parity),
                None => color[index].round() as i32,
            });
        let is_color =
            rounded != [0; MAX_COMPONENTS] && rounded[channels..].iter().all(|k| *k == 0);
        is_color.then(|| {
            let atom = geometry.quantize_as(rounded, word, size);
            let off: f64 = color.iter().zip(rounded).map(|(v, k)| (v - f64::from(k)).powi(2)).sum();
            (0.5 * off + energy * geometry.distance_to(&atom), atom)
        })
    };
    let all = Word::all().filter_map(near);
    all.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, atom)| atom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(64, 48);

    /// Numbers in 0..1 that look random and are the same everywhere.
    fn numbers() -> impl FnMut() -> f64 {
        let mut state = 1_u64;
        move || {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            (state >> 40) as f64 / f64::from(1 << 24)
        }
    }

    /// The atom with these integers but the place, where it comes closest; nothing if no place makes
    /// it whole.
    fn placed(mut atom: Atom, geometry: &Geometry) -> Option<Atom> {
        let unit = (1_u64 << POSITION_BITS) as f64;
        let position = geometry.mean_px.map(|v| (v * unit).round() as i64);
        let lattice = Lattice::new(atom.steps(), &atom.shape());
        atom.place = lattice.nearest(position, atom.word().place);
        atom.is_whole().then_some(atom)
    }

    #[test]
    fn no_atom_next_to_the_one_rounded_to_is_nearer() {
        let mut random = numbers();
        let mut compared = 0;
        for _ in 0..40 {
            let color = [8.0, 4.0, 3.0, 0.0].map(|most| (2.0 * random() - 1.0) * most);
            let smaller = 300.0 * random() - 100.0;
            let geometry = Geometry {
                mean_px: [10.0 + 40.0 * random(), 10.0 + 30.0 * random()],
                scale: [smaller + 150.0 + 300.0 * random(), smaller],
                turn: 1024.0 * random(),
            };
            let energy: f64 = color.iter().map(|v| v * v).sum();
            let error = |atom: &Atom| {
                let off = color.iter().zip(atom.color).map(|(v, k)| (v - f64::from(k)).powi(2));
                0.5 * off.sum::<f64>() + energy * geometry.distance_to(atom)
            };
            let Some(near) = nearest_of_all(color, &geometry, 3, SIZE) else { continue };
            assert!(near.is_whole());
            for step in 0..3_i32.pow(6) {
                let by: [i32; 6] =
                    std::array::from_fn(|axis| step / 3_i32.pow(axis as u32) % 3 - 1);
                let mut other = near;
                (0..3).for_each(|axis| other.color[axis] += by[axis]);
                (0..2).for_each(|axis| other.scale[axis] += by[3 + axis]);
                other.angle += by[5];
                let Some(other) = placed(other, &geometry).filter(|other| near.has_steps_of(other))
                else {
                    continue;
                };
                compared += 1;
                assert!(error(&near) <= error(&other) + 1e-9, "{near:?} {other:?}");
            }
        }
        assert!(compared > 500, "{compared}");
    }
}
