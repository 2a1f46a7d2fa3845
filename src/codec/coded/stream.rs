//! Atoms into bits and back: one walk over the leaves for both.

use super::account::Part;
use super::atom::{Atom, MAX_COMPONENT, SCALE_RANGE_BITS, SMALLEST_SCALE, Shape, finest_angle};
use super::coder::Coder;
use super::fixed::OCTAVE;
use super::lattice::Lattice;
use super::leaves::Leaves;
use super::model::uniform;
use super::neighbours::{AXES, Known, Neighbourhood, Regression};
use super::surroundings::Surroundings;
use super::symbols::{Symbols, bit_length};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::image::Size;

/// Kinds of numbers; those with digits take two.
mod kind {
    pub const COUNT: usize = 1;
    pub const COLOR: [usize; 4] = [2, 5, 8, 14];
    pub const SMALLER_SCALE: usize = 11;
    pub const LARGER_SCALE: usize = 12;
    pub const ANGLE: usize = 13;
}

/// Most layers that a file may have behind its base layer; contexts tell them apart.
pub const MOST_LAYERS: usize = 15;

/// Atoms of a leaf that are counted in unary.
const COUNT_ESCAPE: u32 = 20;

/// The leaves of a picture, gone through once for each layer of its atoms.
pub struct Walk {
    leaves: Leaves,
    components: usize,
    /// Number of layers before this one; 0 for atoms that stand with the base layer.
    layer: usize,
    known: Surroundings,
    /// Most atoms of a leaf in a layer.
    max_per_leaf: u64,
}

impl Walk {
    /// A walk at its beginning; `has_layers` if it is to be gone more than once.
    pub fn new(size: Size, components: usize, has_layers: bool) -> Self {
        let (leaves, known) = (Leaves::new(size), Surroundings::new(has_layers));
        Self { leaves, components, layer: 0, known, max_per_leaf: u64::MAX }
    }

    /// The same with at most so many atoms in a leaf of a layer.
    pub fn with_at_most(self, max_per_leaf: u64) -> Self {
        Self { max_per_leaf, ..self }
    }

    fn check_count(&self, count: u32) -> Result<()> {
        let (value, limit) = (u64::from(count), self.max_per_leaf);
        let what = "Gaussians within 8x8 pixels (raise max-per-leaf to allow more)";
        if value > limit { Err(Error::Limit { what, value, limit }) } else { Ok(()) }
    }

    /// Goes back to the first leaf for one more layer, the [`MOST_LAYERS`]-th at most.
    pub fn begin_layer(&mut self) {
        self.layer += 1;
        self.known.begin_layer();
    }

    /// Codes the atoms of a layer. A writer hands over its atoms, leaf by leaf
    /// as [`in_leaves`] gives them; a reader hands over nothing, and how many it expects. Those
    /// that were whole are in `atoms` even if there is an error.
    ///
    /// # Errors
    /// [`Error::Malformed`] if there are more than `expected`, or fewer; [`Error::Limit`] if there are
    /// too many in a leaf.
    pub fn code<C: Coder>(
        &mut self,
        symbols: &mut Symbols<'_, C>,
        source: Option<&[Vec<Atom>]>,
        expected: usize,
        atoms: &mut Vec<Atom>,
    ) -> Result<()> {
        let nothing = Vec::new();
        let mut left = expected;
        for row in 0..self.leaves.rows {
            for column in 0..self.leaves.columns {
                // The rest is empty, and takes no bits.
                if left == 0 {
                    return Ok(());
                }
                let place = row * self.leaves.columns + column;
                let given = source.map_or(&nothing, |source| &source[place]);
                self.known.begin_leaf();
                let mut near = self.nearby(column);
                let count = self.count(symbols, column, row, near.mean_scale, given.len() as u32);
                check_whole(symbols)?;
                self.check_count(count)?;
                near.count = count;
                left = left.checked_sub(count as usize).ok_or_else(|| {
                    malformed(format!("it holds more than its {expected} Gaussians"))
                })?;
                for index in 0..count {
                    let given = given.get(index as usize).copied().unwrap_or_default();
                    let atom = self.atom(symbols, [column, row], &near, given);
                    check_whole(symbols)?;
                    let atom = atom
                        .ok_or_else(|| malformed("a leaf has no place for one of its Gaussians"))?;
                    let known = Known::new(atom);
                    near.sums.add(&known);
                    self.known.push(known);
                    atoms.push(atom);
                }
            }
            self.known.next_row();
        }
        match left {
            0 => Ok(()),
            left => Err(malformed(format!("{left} of its {expected} Gaussians are missing"))),
        }
    }
}

fn check_whole<C: Coder>(symbols: &Symbols<'_, C>) -> Result<()> {
    if symbols.coder.is_exhausted() { Err(malformed("its Gaussians are cut off")) } else { Ok(()) }
}

/// Atoms by leaf, in the order of the stream: strongest luma first. Those whose centre is in no
/// leaf are left out.
pub fn in_leaves(size: Size, atoms: &[Atom]) -> Vec<Vec<Atom>> {
    let leaves = Leaves::new(size);
    let mut sorted = vec![Vec::new(); leaves.columns * leaves.rows];
    for atom in atoms {
        if let Some([column, row]) = leaves.of(atom.position()) {
            sorted[row * leaves.columns + column].push(*atom);
        }
    }
    for leaf in &mut sorted {
        leaf.sort_by_key(|a: &Atom| (-a.color[0].abs(), a.color, a.scale, a.angle, a.place));
    }
    sorted
}

/// The contexts in use: the last one is the layer's, and means nothing where there is none.
fn in_use(contexts: &[u32], layer: u32) -> &[u32] {
    let without = &contexts[..contexts.len() - 1];
    if layer == 0 { without } else { contexts }
}

/// A logarithm of a scale as a small number, `steps` to two octaves.
fn level(log: i32, steps: i32) -> u32 {
    ((log - SMALLEST_SCALE) * steps / (2 * OCTAVE)).clamp(0, 30) as u32
}

/// A prediction, doubled, as one of five: strongly or slightly negative, none, positive.
fn tendency(double: i32) -> u32 {
    match double {
        ..=-3 => 4,
        -2..=-1 => 0,
        0 => 1,
        1..=2 => 2,
        3.. => 3,
    }
}

impl Walk {
    fn count<C: Coder>(
        &self,
        symbols: &mut Symbols<'_, C>,
        column: usize,
        row: usize,
        mean: u32,
        value: u32,
    ) -> u32 {
        let near = |offset| self.known.at(column, offset).len() as u32;
        let (west, north) = (near([-1, 0]), near([0, -1]));
        let (north_west, north_east) = (near([-1, -1]), near([1, -1]));
        let far = near([-2, 0]) + near([0, -2]);
        let sum = west + north + north_west + north_east;
        let edge = u32::from(self.leaves.is_outside(column, row));
        let pattern =
            west.min(3) | north.min(3) << 2 | north_west.min(3) << 4 | north_east.min(3) << 6;
        let [before, around_before] = self.earlier_atoms(column);
        let layer = self.layer as u32;
        let contexts = [
            sum.min(12) | edge << 6,
            ((west.min(5) * 6 + north.min(5)) * 2 + edge) | (1 << 9),
            (sum + far).min(20) + edge * 32 + mean * 64,
            pattern | edge << 10 | 1 << 12,
            layer | before.min(7) << 4 | around_before.min(15) << 7,
        ];
        symbols.coder.begin(Part::Counts);
        symbols.count(value, kind::COUNT, in_use(&contexts, layer), COUNT_ESCAPE)
    }

    /// One atom; nothing if there is no place for it in its leaf.
    fn atom<C: Coder>(
        &self,
        symbols: &mut Symbols<'_, C>,
        [column, row]: [usize; 2],
        near: &Nearby,
        given: Atom,
    ) -> Option<Atom> {
        let mut atom = Atom::default();
        let place = Place { near, here: self.known.at(column, [0, 0]) };
        place.color(symbols, &mut atom, given, self.components);
        symbols.coder.begin(Part::Scales);
        place.scales(symbols, &mut atom, given);
        symbols.coder.begin(Part::Angles);
        place.angle(symbols, &mut atom, given);

        let lattice = Lattice::new(atom.steps(), &atom.shape());
        let points = lattice.within(&self.leaves.square(column, row), atom.word().place);
        symbols.coder.begin(Part::Positions);
        let index = if C::WRITES { points.index(given.place) } else { 0 };
        atom.place = points.place(uniform(symbols.coder, index, points.count()))?;
        Some(atom)
    }

    /// What the leaves around one have for contexts of its atoms.
    fn nearby(&self, column: usize) -> Nearby {
        let around = self.known.neighbours(column);
        let mut sums = Neighbourhood::empty();
        around.iter().for_each(|known| sums.add(known));
        Nearby {
            mean_scale: mean_scale(&around),
            sums,
            around,
            count: 0,
            crowd: self.crowd(column),
            layer: self.layer as u32,
        }
    }

    /// Atoms in the four leaves next to this one, at most 7.
    fn crowd(&self, column: usize) -> u32 {
        let near = [[-1, 0], [0, -1], [-1, -1], [1, -1]];
        let sum: usize = near.into_iter().map(|offset| self.known.at(column, offset).len()).sum();
        sum.min(7) as u32
    }

    /// Atoms of earlier layers in a leaf, and in the eight around it.
    fn earlier_atoms(&self, column: usize) -> [u32; 2] {
        if self.layer == 0 {
            return [0, 0];
        }
        let at = |dx, dy| self.known.earlier(column, [dx, dy]).len() as u32;
        let rows = (-1..=1).map(|dy| at(-1, dy) + at(0, dy) + at(1, dy));
        let here = at(0, 0);
        [here, rows.sum::<u32>() - here]
    }
}

/// The mean scale of some atoms as a small number; 31 where there are none.
fn mean_scale(atoms: &[Known]) -> u32 {
    if atoms.is_empty() {
        return 31;
    }
    let sum: i64 = atoms.iter().map(|known| i64::from(known.scale[0] + known.scale[1])).sum();
    level(sum.div_euclid(2 * atoms.len() as i64) as i32, 4).min(20)
}

/// What the atoms of one leaf have for contexts. Nothing of it is summed up again for every atom:
/// a leaf of very many would keep a reader busy.
struct Nearby {
    /// Over the neighbours, and the atoms of the leaf so far.
    sums: Neighbourhood,
    around: Vec<Known>,
    /// Of the neighbours, see [`mean_scale`].
    mean_scale: u32,
    /// Atoms of the leaf.
    count: u32,
    crowd: u32,
    /// Number of layers before this one.
    layer: u32,
}

/// Everything that the numbers of one atom have for contexts.
struct Place<'a> {
    near: &'a Nearby,
    /// The atoms of the leaf so far.
    here: &'a [Known],
}

impl Place<'_> {
    fn color<C: Coder>(
        &self,
        symbols: &mut Symbols<'_, C>,
        atom: &mut Atom,
        given: Atom,
        components: usize,
    ) {
        let near = &self.near.sums;
        let most = bit_length(MAX_COMPONENT);
        let previous = self.here.last().map(|known| known.atom.color[0]);
        let before = previous.map_or(0, |k| bit_length(k) + 1);
        let strength =
            if near.count > 0 { (near.strength() * 2 / OCTAVE).clamp(0, 20) as u32 } else { 31 };
        let scale = self.near.mean_scale;
        let contexts = [
            before * 32 + self.near.count.min(7),
            strength * 32 + before,
            scale * 32 + self.near.crowd,
            near.largest * 64 + before * 8 + self.near.count.min(4),
            strength | scale << 6,
            self.near.layer | before << 4,
        ];
        let contexts = in_use(&contexts, self.near.layer);
        let last = self.here.iter().rev().chain(self.near.around.iter().rev()).take(3).enumerate();
        let signs: u32 =
            last.map(|(i, known)| (u32::from(known.atom.color[0] > 0) + 1) << (2 * i)).sum();
        let sign = [
            (near.sign.clamp(-4, 4) + 4) as u32,
            previous.map_or(0, |k| 1 + u32::from(k > 0)) + 3 * signs + before * 1000,
        ];
        let [luma, orange, green, alpha] = given.color;
        symbols.coder.begin(Part::Luma);
        atom.color[0] = symbols.signed(luma, kind::COLOR[0], contexts, &sign, most);
        if components >= 3 {
            symbols.coder.begin(Part::ColorDifferences);
            self.color_differences(symbols, atom, [orange, green], most);
        }
        if components == 4 {
            symbols.coder.begin(Part::Alpha);
            let size = bit_length(atom.color[0]);
            let other = bit_length(atom.color[1]).max(bit_length(atom.color[2]));
            let contexts = [size * 16 + other, strength, near.largest];
            let sign = [u32::from(atom.color[0] > 0)];
            atom.color[3] = symbols.signed(alpha, kind::COLOR[3], &contexts, &sign, most);
        }
    }

    fn color_differences<C: Coder>(
        &self,
        symbols: &mut Symbols<'_, C>,
        atom: &mut Atom,
        [orange, green]: [i32; 2],
        most: u32,
    ) {
        let near = &self.near.sums;
        let luma = atom.color[0];
        let (size, positive) = (bit_length(luma), u32::from(luma > 0));
        let length = |double: i32| bit_length(double.clamp(-255, 255));

        let guess = near.predict(Regression::FirstToSecond, luma);
        let likely = [near.likely_size(1, luma), near.likely_size(2, luma)];
        let contexts = [
            size,
            size * 16 + length(guess),
            likely[0] * 16 + length(guess),
            near.usual_size(1) * 16 + size,
            likely[0] + 16 * likely[1],
            self.near.layer | size << 4 | length(guess) << 8,
        ];
        let contexts = in_use(&contexts, self.near.layer);
        let sign = [tendency(guess), tendency(guess) + 8 * positive + 16 * length(guess)];
        atom.color[1] = symbols.signed(orange, kind::COLOR[1], contexts, &sign, most);

        let first = bit_length(atom.color[1]).min(7);
        let guess = near.predict(Regression::FirstToThird, luma);
        let other = near.predict(Regression::SecondToThird, atom.color[1]);
        let contexts = [
            size * 8 + first,
            size * 16 + length(guess),
            likely[1] * 16 + first,
            near.usual_size(2) * 16 + size,
            likely[1] + 16 * length(other),
            self.near.layer | size << 4 | first << 8,
        ];
        let contexts = in_use(&contexts, self.near.layer);
        let sign = [
            tendency(guess) + 5 * tendency(other),
            tendency(guess) + 8 * positive + 16 * (atom.color[1].signum() + 1) as u32,
        ];
        atom.color[2] = symbols.signed(green, kind::COLOR[2], contexts, &sign, most);
    }

    fn scales<C: Coder>(&self, symbols: &mut Symbols<'_, C>, atom: &mut Atom, given: Atom) {
        let near = &self.near.sums;
        let steps = atom.steps();
        let (fine, bits) = (steps.scale_bits, SCALE_RANGE_BITS + steps.scale_bits);
        let modelled = SCALE_RANGE_BITS + fine.min(3);
        let strength = (steps.strength * 2 / OCTAVE) as u32;
        let known = u32::from(near.count > 0);
        let [large, small] = near.scale();
        let mean = level((large + small) / 2, 4);

        let contexts = [
            fine * 32 + strength,
            level(small, 6) * 2 + known,
            level(small, 3) * 32 + strength,
            mean * 32 + self.near.crowd + 2000,
            level(small, 3) + 16 * level(large, 3) + 4000,
        ];
        let value =
            symbols.bits(given.scale[1] as u32, bits, modelled, kind::SMALLER_SCALE, &contexts);
        atom.scale[1] = value as i32;

        let log = steps.scale(atom.scale[1]);
        let aspect = large - small - OCTAVE;
        let contexts = [
            fine * 64 + level(log, 6),
            level(log, 12) + 64 * strength.min(15),
            level(log, 6) * 32 + level(large, 4),
            level(log, 6) * 32 + level(aspect, 6) + 2000,
            level(log, 6) * 32 + self.near.crowd + 4000,
        ];
        // Its lowest bit follows from the others' parities.
        let [given, bits] = [given.scale[0] as u32 >> 1, bits - 1];
        let value = symbols.bits(given, bits, modelled, kind::LARGER_SCALE, &contexts);
        atom.scale[0] = (value << 1) as i32 | atom.word().scale[0];
    }

    fn angle<C: Coder>(&self, symbols: &mut Symbols<'_, C>, atom: &mut Atom, given: Atom) {
        let steps = atom.steps();
        let bits = steps.angle_bits(atom.scale.map(|scale| steps.scale(scale)));
        let (axis, agreement) = self.near.sums.axis();
        let last = self.here.last().or(self.near.around.last());
        let last = last.map_or(AXES, |known| known.turn / (super::fixed::HALF_TURN / AXES));
        let contexts = [
            bits,
            axis * 8 + agreement,
            axis + 16 * bits.min(7),
            last + 32 * bits,
            last + 17 * axis,
        ];
        if bits > 0 {
            let given = given.angle as u32 >> 1;
            let value = symbols.bits(given, bits - 1, 4, kind::ANGLE, &contexts);
            atom.angle = (value << 1) as i32 | atom.word().angle;
        }
        debug_assert_eq!(
            atom.shape(),
            Shape {
                scale: atom.scale.map(|scale| steps.scale(scale)),
                turn: finest_angle(atom.angle, bits),
            }
        );
    }
}
