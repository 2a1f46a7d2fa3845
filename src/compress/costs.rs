//! About how many bits an atom takes, as the search sees it.

use crate::codec::coded::atom::{Atom, MAX_COMPONENTS, SMALLEST_SCALE};
use crate::codec::coded::fixed::OCTAVE;
use crate::codec::coded::lattice::Lattice;
use crate::image::Size;

/// Sizes of numbers, in bits.
const SIZES: usize = 16;
/// Classes of scales, a quarter of an octave each.
const CLASSES: usize = 32;

/// Costs in bits, from how often things occur in a set of atoms.
#[derive(Clone, Debug)]
pub struct Costs {
    /// By the size of the first component.
    luma: [f32; SIZES],
    /// By the sizes of the first and of another component.
    other: [[[f32; SIZES]; SIZES]; MAX_COMPONENTS - 1],
    /// By the class of the smaller scale.
    smaller: [f32; CLASSES],
    /// By the difference of the classes of both.
    stretch: [f32; CLASSES],
    /// An atom's share of what says how many there are.
    count: f32,
    channels: usize,
}

/// Pixels of a leaf.
const LEAF_PX: f32 = 64.0;

fn size_of(value: i32) -> usize {
    (32 - value.unsigned_abs().leading_zeros()) as usize
}

fn class(log: i32) -> usize {
    ((4 * log / OCTAVE).max(0) as usize).min(CLASSES - 1)
}

impl Costs {
    /// The costs of atoms like these, among so many others.
    pub fn of(atoms: &[Atom], others: usize, channels: usize, size: Size) -> Self {
        let mut luma = [0.3; SIZES];
        let mut other = [[[0.05; SIZES]; SIZES]; MAX_COMPONENTS - 1];
        let mut overall = [[0.3; SIZES]; MAX_COMPONENTS - 1];
        let (mut smaller, mut stretch) = ([0.5; CLASSES], [0.5; CLASSES]);
        for atom in atoms {
            let sizes = atom.color.map(size_of);
            luma[sizes[0]] += 1.0;
            for component in 1..channels {
                other[component - 1][sizes[0]][sizes[component]] += 1.0;
                overall[component - 1][sizes[component]] += 1.0;
            }
            let [large, small] = atom.shape().scale;
            smaller[class(small - SMALLEST_SCALE)] += 1.0;
            stretch[class(large - small)] += 1.0;
        }
        for (tables, overall) in other.iter_mut().zip(&mut overall) {
            let sum: f32 = overall.iter().sum();
            overall.iter_mut().for_each(|v| *v /= sum);
            for table in tables {
                for (value, share) in table.iter_mut().zip(*overall) {
                    *value += 4.0 * share;
                }
                to_bits(table);
            }
        }
        to_bits(&mut luma);
        for table in [&mut smaller, &mut stretch] {
            smooth(table);
            to_bits(table);
        }
        let leaves = (size.pixels() as f32 / LEAF_PX).max(1.0);
        let density = ((atoms.len() + others) as f32 / leaves).max(1e-3);
        let count = (1.0 + 1.0 / density).log2() + 1.4;
        Self { luma, other, smaller, stretch, count, channels }
    }

    /// Of a first component.
    pub fn luma(&self, k: i32) -> f32 {
        self.luma[size_of(k).min(SIZES - 1)] + size_of(k) as f32
    }

    /// Of another component, 1 to 3, beside a first one.
    pub fn other(&self, component: usize, luma: i32, k: i32) -> f32 {
        let tables = &self.other[component - 1];
        tables[size_of(luma).min(SIZES - 1)][size_of(k).min(SIZES - 1)] + size_of(k) as f32
    }

    /// Of a whole atom.
    pub fn atom(&self, atom: &Atom) -> f32 {
        let mut bits = self.count + self.luma(atom.color[0]);
        for component in 1..self.channels {
            bits += self.other(component, atom.color[0], atom.color[component]);
        }
        let (steps, shape) = (atom.steps(), atom.shape());
        let [large, small] = shape.scale;
        bits += self.smaller[class(small - SMALLEST_SCALE)] + self.stretch[class(large - small)];
        // The classes are as fine as two bits below an octave.
        bits += 2.0 * (steps.scale_bits as f32 - 2.0);
        // The last bits of the larger scale and of the angle follow from the others.
        bits += (steps.angle_bits(shape.scale) as f32 - 1.0).max(0.0) - 1.0;
        let [column, row] = Lattice::new(steps, &shape).steps_px();
        // One in four points of the lattice may be.
        bits + (0.25 * LEAF_PX / (column * row)).log2().max(0.0)
    }
}

fn smooth(table: &mut [f32; CLASSES]) {
    let old = *table;
    for (i, value) in table.iter_mut().enumerate() {
        let sides = old[i.max(1) - 1] + old[(i + 1).min(CLASSES - 1)];
        *value = 0.5 * old[i] + 0.25 * sides;
    }
}

/// From numbers of occurrences to bits.
fn to_bits(table: &mut [f32]) {
    let sum: f32 = table.iter().sum();
    for value in table {
        *value = -(*value / sum).max(1e-5).log2();
    }
}
