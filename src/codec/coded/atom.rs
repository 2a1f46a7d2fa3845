//! Quantised Gaussians, and what their integers mean.
//!
//! An atom has unit energy: its colour is `k d / sqrt(pi s1 s2)` in an orthonormal basis, with
//! integers `k` and one step `d` for the whole picture. In coordinates along its own axes the
//! Gauss-Newton metric of the squared error is then diagonal and depends on nothing but `|k|`,
//! so that every other step follows from `|k|`: position `sqrt(2) s_i / |k|` along each axis,
//! `ln s` `sqrt(2) / |k|`, angle `2 / (|k| (r - 1 / r))` with `r = s1 / s2`.
//!
//! Of these integers only those are used whose parities go together, see [`super::parity`].

use super::fixed::{HALF_TURN, OCTAVE, direction, exp2, log2};
use super::lattice::Lattice;
use super::parity::Word;

/// Fraction bits of positions.
pub const POSITION_BITS: u32 = 24;
/// Fraction bits of standard deviations and factors.
pub const FACTOR_BITS: u32 = 20;
/// Fraction bits of colours.
pub const COLOR_BITS: u32 = 24;

/// Logarithm of the smallest standard deviation, 0.297 px.
pub const SMALLEST_SCALE: i32 = -7 * OCTAVE / 4;
/// Octaves of standard deviations, as a power of 2.
pub const SCALE_RANGE_BITS: u32 = 3;
/// Finest step of a scale, 2^-7 octave.
const MOST_SCALE_BITS: i32 = 7;
/// Finest step of an angle, 2^-10 of a half turn.
const MOST_ANGLE_BITS: i32 = 10;

/// Logarithm of the step of a scale in octaves, times `|k|`: `sqrt(2) / ln 2`.
const SCALE_STEP: i32 = 263;
/// Logarithm of pi / 2.
const HALF_PI: i32 = 167;

/// Colour components of the orthonormal basis that an atom has room for.
pub const MAX_COMPONENTS: usize = 4;

/// Largest size of a component of `k`.
pub const MAX_COMPONENT: i32 = (1 << 14) - 1;

/// A quantised Gaussian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atom {
    /// Colour `k`: luma, two colour differences and alpha; those not in use are zero.
    pub color: [i32; MAX_COMPONENTS],
    /// Scales along the larger and along the smaller axis, in steps of [`Steps::scale_bits`].
    pub scale: [i32; 2],
    /// Angle of the larger axis, in steps of [`Steps::angle_bits`].
    pub angle: i32,
    /// Place on the lattice along the two axes, in steps of its [`Lattice`].
    pub place: [i32; 2],
}

impl Atom {
    /// `|k|^2`.
    pub fn energy(&self) -> u64 {
        self.color.iter().map(|k| u64::from(k.unsigned_abs()).pow(2)).sum()
    }

    /// The word of parities that goes with its colour and its smaller scale.
    pub fn word(&self) -> Word {
        Word::of(self.color, self.scale[1])
    }

    /// Whether the parities of all its integers are those of its word, as they have to be.
    pub fn is_whole(&self) -> bool {
        let word = self.word();
        let are = |values: [i32; 2], parities: [i32; 2]| values.map(|v| v & 1) == parities;
        are(self.scale, word.scale)
            && are(self.place, word.place)
            && (self.angle & 1 == word.angle || !self.has_angle())
    }

    /// Whether it is stretched enough for an angle.
    pub fn has_angle(&self) -> bool {
        let steps = self.steps();
        steps.angle_bits(self.scale.map(|scale| steps.scale(scale))) > 0
    }

    /// Whether its integers mean the same as those of another of this shape.
    pub fn has_steps_of(&self, other: &Self) -> bool {
        let (steps, others) = (self.steps(), other.steps());
        steps.scale_bits == others.scale_bits
            && steps.place_strength() == others.place_strength()
            && steps.angle_bits(self.shape().scale) == others.angle_bits(self.shape().scale)
    }

    /// Steps of its scales.
    pub fn steps(&self) -> Steps {
        Steps::of(self.energy())
    }

    /// Its shape, without its place.
    pub fn shape(&self) -> Shape {
        self.shape_of(self.steps())
    }

    fn shape_of(&self, steps: Steps) -> Shape {
        let scale = self.scale.map(|scale| steps.scale(scale));
        let bits = steps.angle_bits(scale);
        Shape { scale, turn: (self.angle as u32) << (MOST_ANGLE_BITS as u32 - bits) }
    }

    /// Its centre, with [`POSITION_BITS`] behind the point.
    pub fn position(&self) -> [i64; 2] {
        self.shape_and_position().1
    }

    /// Its shape and its centre: what both are made of is found once.
    pub fn shape_and_position(&self) -> (Shape, [i64; 2]) {
        let steps = self.steps();
        let shape = self.shape_of(steps);
        (shape, Lattice::new(steps, &shape).point(self.place))
    }
}

/// What `|k|` says about the other steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Logarithm of `|k|`.
    pub strength: i32,
    /// Scales have steps of `2^-scale_bits` octaves.
    pub scale_bits: u32,
}

impl Steps {
    /// Steps that go with `|k|^2`.
    pub fn of(energy: u64) -> Self {
        let strength = log2(energy) / 2;
        let bits = (strength - SCALE_STEP + OCTAVE / 2).div_euclid(OCTAVE);
        Self { strength, scale_bits: bits.clamp(0, MOST_SCALE_BITS) as u32 }
    }

    /// Logarithm of `|k|` as far as the lattice of centres depends on it: to half an octave, so
    /// that a small change of the colour does not move the centre.
    pub(super) fn place_strength(self) -> i32 {
        (self.strength + OCTAVE / 4).div_euclid(OCTAVE / 2) * (OCTAVE / 2)
    }

    /// Number of scales.
    pub fn scales(self) -> i32 {
        1 << (SCALE_RANGE_BITS + self.scale_bits)
    }

    /// Logarithm of the standard deviation of a scale.
    pub fn scale(self, scale: i32) -> i32 {
        SMALLEST_SCALE + scale * (OCTAVE >> self.scale_bits)
    }

    /// Angles have steps of `2^-angle_bits` of a half turn. `scale` are the logarithms of the
    /// standard deviations.
    pub fn angle_bits(self, scale: [i32; 2]) -> u32 {
        let ratio = scale[0] - scale[1];
        if ratio <= 0 {
            return 0;
        }
        let difference = exp2(ratio, 24) - exp2(-ratio, 24);
        let log = log2(difference as u64) - 24 * OCTAVE + HALF_PI + self.strength;
        (log + OCTAVE / 2).div_euclid(OCTAVE).clamp(0, MOST_ANGLE_BITS) as u32
    }
}

/// Logarithms of the standard deviations, larger one first, and the direction of the larger axis
/// in steps of `1 / 1024` of a half turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Logarithms of the standard deviations in pixels.
    pub scale: [i32; 2],
    /// Direction of the first axis, in `0..1024`.
    pub turn: u32,
}

impl Shape {
    /// The factor `L`, row-major, with [`FACTOR_BITS`] behind the point.
    pub fn factor(&self) -> [i64; 4] {
        let [s1, s2] = self.scale.map(|scale| exp2(scale, FACTOR_BITS));
        let [cos, sin] = direction(self.turn);
        [cos * s1, -sin * s2, sin * s1, cos * s2].map(|v| (v + (1 << 29)) >> 30)
    }
}

/// The direction of the larger axis in units of the finest angle, for an angle of `bits`.
pub fn finest_angle(angle: i32, bits: u32) -> u32 {
    ((angle as u32) << (MOST_ANGLE_BITS as u32 - bits)) % HALF_TURN
}
