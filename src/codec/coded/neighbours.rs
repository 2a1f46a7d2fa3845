//! What the atoms nearby say about the next one.

use super::atom::Atom;
use super::fixed::{HALF_TURN, OCTAVE, direction, exp2, log2};

/// An atom that is known already.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its integers.
    pub atom: Atom,
    /// Logarithms of its standard deviations.
    pub scale: [i32; 2],
    /// Direction of its larger axis.
    pub turn: u32,
    /// Logarithm of `|k|`.
    pub strength: i32,
}

impl Known {
    /// Works out what contexts ask for.
    pub fn new(atom: Atom) -> Self {
        let shape = atom.shape();
        let strength = atom.steps().strength;
        Self { atom, scale: shape.scale, turn: shape.turn, strength }
    }
}

/// Sums over the atoms nearby.
#[derive(Clone, Copy, Debug)]
pub struct Neighbourhood {
    /// Number of atoms.
    pub count: i64,
    /// Sums of the logarithms of the standard deviations.
    scale: [i64; 2],
    /// Sum of the logarithms of `|k|`.
    strength: i64,
    /// Sum of directions at twice the angle, weighted by strength and stretch.
    axes: [i64; 2],
    /// Sums of products of the first three colour components: 00, 01, 02, 11, 22, 12.
    products: [i64; 6],
    /// Sum of the signs of the first component.
    pub sign: i64,
    /// Bits of the largest first component.
    pub largest: u32,
}

/// Directions of [`Neighbourhood::axis`].
pub const AXES: u32 = 16;

impl Neighbourhood {
    /// Nothing known.
    pub fn empty() -> Self {
        Self {
            count: 0,
            scale: [0; 2],
            strength: 0,
            axes: [0; 2],
            products: [1, 0, 0, 1, 1, 0],
            sign: 0,
            largest: 31,
        }
    }

    /// Takes in one more atom.
    pub fn add(&mut self, known: &Known) {
        let [k0, k1, k2, _] = known.atom.color.map(i64::from);
        let pairs = [k0 * k0, k0 * k1, k0 * k2, k1 * k1, k2 * k2, k1 * k2];
        // Doubled, so that the sums of squares start from one half.
        for (sum, product) in self.products.iter_mut().zip(pairs) {
            *sum += 2 * product;
        }
        let size = super::symbols::bit_length(known.atom.color[0]);
        self.largest = if self.count == 0 { size } else { self.largest.max(size) };
        self.count += 1;
        self.sign += k0.signum();
        self.strength += i64::from(known.strength);
        for (sum, scale) in self.scale.iter_mut().zip(known.scale) {
            *sum += i64::from(scale);
        }
        let weight = i64::from(known.scale[0] - known.scale[1]) * exp2(known.strength, 4);
        for (sum, part) in self.axes.iter_mut().zip(twice(known.turn)) {
            *sum += (weight * part) >> 30;
        }
    }

    fn mean(&self, sum: i64) -> i32 {
        if self.count == 0 { 0 } else { sum.div_euclid(self.count) as i32 }
    }

    /// Means of the logarithms of the standard deviations.
    pub fn scale(&self) -> [i32; 2] {
        self.scale.map(|sum| self.mean(sum))
    }

    /// Mean of the logarithms of `|k|`.
    pub fn strength(&self) -> i32 {
        self.mean(self.strength)
    }

    /// The direction that most have, of [`AXES`], and how much they agree, 0 to 4.
    pub fn axis(&self) -> (u32, u32) {
        let along = |index: u32| {
            let [cos, sin] = twice((2 * index + 1) * HALF_TURN / (2 * AXES));
            (self.axes[0] * (cos >> 10) + self.axes[1] * (sin >> 10)) >> 20
        };
        let mut best = (0, i64::MIN);
        for index in 0..AXES {
            let value = along(index);
            if value > best.1 {
                best = (index, value);
            }
        }
        // One natural unit of stretch at |k| = 1 is 16 / ln 2 octaves here.
        let unit = 16 * 369 * 4 * self.count.max(1);
        let agreement = if best.1 < 16 { 0 } else { 1 + (best.1 / unit).min(3) };
        (best.0, agreement as u32)
    }

    /// Twice what the regression of colour component `of` on a component of value `k` predicts,
    /// rounded; `pair` names the products.
    pub fn predict(&self, pair: Regression, k: i32) -> i32 {
        let (product, square) = match pair {
            Regression::FirstToSecond => (self.products[1], self.products[0]),
            Regression::FirstToThird => (self.products[2], self.products[0]),
            Regression::SecondToThird => (self.products[5], self.products[3]),
        };
        let double = 2 * product * i64::from(k);
        // Towards zero, from the half.
        let size = (2 * double.abs() + square) / (2 * square);
        (size * double.signum()).clamp(-510, 510) as i32
    }

    /// Bits of twice the size that component 1 or 2 is likely to have beside a first component
    /// of value `k`.
    pub fn likely_size(&self, component: usize, k: i32) -> u32 {
        let square = self.products[2 + component];
        let log = (log2(square as u64) - log2(self.products[0] as u64)) / 2
            + log2(u64::from(k.unsigned_abs()));
        if k == 0 { 0 } else { (log.div_euclid(OCTAVE) + 2).clamp(0, 9) as u32 }
    }

    /// Bits of twice the usual size of component 1 or 2.
    pub fn usual_size(&self, component: usize) -> u32 {
        let square = self.products[2 + component] as u64;
        let log = (log2(square) - log2(2 * self.count.max(1) as u64)) / 2;
        (log.div_euclid(OCTAVE) + 2).clamp(0, 9) as u32
    }
}

/// Which colour component is predicted from which.
#[derive(Clone, Copy, Debug)]
pub enum Regression {
    /// The first colour difference from luma.
    FirstToSecond,
    /// The second colour difference from luma.
    FirstToThird,
    /// The second colour difference from the first.
    SecondToThird,
}

/// Cosine and sine at twice the angle.
fn twice(turn: u32) -> [i64; 2] {
    let double = 2 * (turn % HALF_TURN);
    if double < HALF_TURN { direction(double) } else { direction(double - HALF_TURN).map(|v| -v) }
}
