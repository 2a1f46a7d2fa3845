//! A picture as quantised Gaussians, and what they are in integers and in floats.

use super::atom::{Atom, COLOR_BITS, FACTOR_BITS, MAX_COMPONENTS, POSITION_BITS, Shape};
use super::base::{self, Grid};
use super::basis::Basis;
use super::fixed::{DIRECTION_BITS, OCTAVE, exp2, log2, multiply};
use crate::gaussians::Gaussians;
use crate::image::Size;

/// Logarithm of `1 / sqrt(pi)`, times 256.
const INVERSE_ROOT_PI: i32 = -211;
/// Steps of the logarithm of the colour step in an octave.
const STEPS_PER_OCTAVE: i32 = 16;
/// What is added to that logarithm.
const STEP_OFFSET: i32 = 160;

/// Bits behind the point of amplitudes.
const AMPLITUDE_BITS: u32 = 40;

/// `d / sqrt(pi s1 s2)`.
fn exact_amplitude(step: u8, shape: &Shape) -> i64 {
    let [s1, s2] = shape.scale;
    exp2(Coded::step_log(step) + INVERSE_ROOT_PI - (s1 + s2).div_euclid(2), AMPLITUDE_BITS)
}

/// A picture as quantised Gaussians.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coded {
    /// Width and height in pixels.
    pub size: Size,
    /// Colour channels: 1, 3 or 4.
    pub channels: usize,
    /// Logarithm of the colour step `d`, see [`Self::step_log`].
    pub step: u8,
    /// Logarithm to base 2 of the spacing of the base layer in pixels, 3 to 12.
    pub spacing: u8,
    /// What colours have their components in.
    pub basis: Basis,
    /// Colours of the base layer, row by row; fewer than its grid has if they come from a file that
    /// is cut off.
    pub base: Vec<[i32; MAX_COMPONENTS]>,
    /// The atoms, in the order of the stream once read.
    pub atoms: Vec<Atom>,
}

impl Coded {
    /// Logarithm of the colour step in units of `1 / 256` octave.
    pub fn step_log(step: u8) -> i32 {
        (i32::from(step) - STEP_OFFSET) * (OCTAVE / STEPS_PER_OCTAVE)
    }

    /// The colour step itself.
    pub fn step_of(step: u8) -> f64 {
        (f64::from(Self::step_log(step)) / f64::from(OCTAVE)).exp2()
    }

    /// The number that stands for the colour step nearest to `step`.
    pub fn step_near(step: f64) -> u8 {
        let log = f64::from(STEPS_PER_OCTAVE) * step.max(1e-30).log2() + f64::from(STEP_OFFSET);
        log.round().clamp(0.0, 255.0) as u8
    }

    /// The grid of the base layer.
    pub fn grid(&self) -> Grid {
        Grid::new(self.size, 1 << self.spacing)
    }

    /// Colours of `k` at an amplitude, both exact, with [`COLOR_BITS`] behind the point.
    fn colors(&self) -> impl Fn([i32; MAX_COMPONENTS], i64) -> [i64; MAX_COMPONENTS] + use<> {
        let (rows, is_gray) = (self.basis.exact(), self.channels == 1);
        let bits = DIRECTION_BITS + AMPLITUDE_BITS - COLOR_BITS;
        move |k, amplitude| {
            let k = k.map(i64::from);
            let part = |v: i64| multiply(v, amplitude, bits);
            if is_gray {
                return [part(k[0] << DIRECTION_BITS), 0, 0, 0];
            }
            let channel = |c: usize| part((0..3).map(|j| k[j] * rows[j][c]).sum());
            [channel(0), channel(1), channel(2), part(k[3] << DIRECTION_BITS)]
        }
    }

    /// Colour of an atom of this shape with a `k` of one, in the orthonormal basis.
    pub fn amplitude(step: u8, shape: &Shape) -> f32 {
        exact_amplitude(step, shape) as f32 / (1_u64 << AMPLITUDE_BITS) as f32
    }

    /// The same for a Gaussian of the base layer.
    pub fn base_amplitude(&self) -> f64 {
        self.exact_base_amplitude() as f64 / (1_u64 << AMPLITUDE_BITS) as f64
    }

    fn exact_base_amplitude(&self) -> i64 {
        // 3 d / (sqrt(pi) sigma), the logarithm of sigma rounded like all others.
        let sigma = self.grid().sigma(FACTOR_BITS);
        let log = log2(sigma as u64) - FACTOR_BITS as i32 * OCTAVE;
        let log = Self::step_log(self.step) + INVERSE_ROOT_PI - log;
        base::STEP * exp2(log, AMPLITUDE_BITS)
    }

    /// The Gaussians of the base layer as integers.
    pub fn exact_base(&self) -> Vec<Exact> {
        let grid = self.grid();
        let sigma = grid.sigma(FACTOR_BITS);
        let amplitude = self.exact_base_amplitude();
        let colors = self.colors();
        let exact = |(index, color): (usize, &[i32; MAX_COMPONENTS])| Exact {
            position: grid.position(index),
            factor: [sigma, 0, 0, sigma],
            color: colors(*color, amplitude),
        };
        self.base.iter().enumerate().map(exact).collect()
    }

    /// All atoms as integers.
    pub fn exact_atoms(&self) -> Vec<Exact> {
        let colors = self.colors();
        let exact = |atom: &Atom| {
            let (shape, position) = atom.shape_and_position();
            Exact {
                position,
                factor: shape.factor(),
                color: colors(atom.color, exact_amplitude(self.step, &shape)),
            }
        };
        self.atoms.iter().map(exact).collect()
    }

    /// All Gaussians: first the base layer, then the atoms.
    pub fn gaussians(&self) -> Gaussians {
        let mut gaussians = Gaussians::empty(self.channels);
        for exact in self.exact_base().iter().chain(&self.exact_atoms()) {
            exact.push_to(&mut gaussians);
        }
        gaussians
    }
}

/// A Gaussian in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    /// Centre in pixels, with [`POSITION_BITS`] behind the point.
    pub position: [i64; 2],
    /// Factor `L` in pixels, row-major, with [`FACTOR_BITS`] behind the point.
    pub factor: [i64; 4],
    /// Colour, with [`COLOR_BITS`] behind the point; channels not in use are zero.
    pub color: [i64; MAX_COMPONENTS],
}

impl Exact {
    /// Centre, factor and colour in floats, each rounded once.
    pub fn rounded(&self) -> ([f32; 2], [f32; 4], [f32; MAX_COMPONENTS]) {
        let float = |bits: u32| move |v: i64| v as f32 / (1_u64 << bits) as f32;
        (
            self.position.map(float(POSITION_BITS)),
            self.factor.map(float(FACTOR_BITS)),
            self.color.map(float(COLOR_BITS)),
        )
    }

    fn push_to(&self, gaussians: &mut Gaussians) {
        let (mean, factor, color) = self.rounded();
        let channels = gaussians.channels();
        gaussians.push(mean, factor, &color[..channels]);
    }
}
