//! The payload of a chunk of coded Gaussians.

use super::atom::{Atom, COLOR_BITS, FACTOR_BITS, MAX_COMPONENTS, POSITION_BITS, Shape};
use super::base::{self, Grid};
use super::coder::{Decoder, Encoder};
use super::fixed::{OCTAVE, exp2, log2, multiply};
use super::leaves::Leaves;
use super::model::Model;
use super::stream;
use super::symbols::Symbols;
use crate::codec::bytes::Bytes;
use crate::codec::{ReadLimits, malformed, unsupported};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Size;

/// Logarithm of `1 / sqrt(pi)`, times 256.
const INVERSE_ROOT_PI: i32 = -211;
/// `1 / sqrt 3`, `1 / sqrt 2` and `1 / sqrt 6`, times `2^30`.
const THIRD: i64 = 619_925_131;
const HALF: i64 = 759_250_125;
const SIXTH: i64 = 438_353_264;

/// Steps of the logarithm of the colour step in an octave.
const STEPS_PER_OCTAVE: i32 = 16;
/// What is added to that logarithm.
const STEP_OFFSET: i32 = 160;

/// Logarithms to base 2 of the spacing of the base layer that a file may have, in pixels.
const SPACINGS: std::ops::RangeInclusive<u8> = 3..=12;

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
    /// Colours of the base layer, row by row.
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

    /// Colour of `k` at an amplitude, both exact, with [`COLOR_BITS`] behind the point.
    fn color(&self, k: [i32; MAX_COMPONENTS], amplitude: i64) -> [i64; MAX_COMPONENTS] {
        let bits = 30 + AMPLITUDE_BITS - COLOR_BITS;
        let part =
            |index: usize, basis: i64| multiply(i64::from(k[index]) * basis, amplitude, bits);
        if self.channels == 1 {
            return [part(0, 1 << 30), 0, 0, 0];
        }
        let (gray, orange, green) = (part(0, THIRD), part(1, HALF), part(2, SIXTH));
        [gray + orange - green, gray + 2 * green, gray - orange - green, part(3, 1 << 30)]
    }

    /// One atom as integers: centre, factor and colour.
    pub fn exact(&self, atom: &Atom) -> Exact {
        let shape = atom.shape();
        Exact {
            position: atom.position(),
            factor: shape.factor(),
            color: self.color(atom.color, exact_amplitude(self.step, &shape)),
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
        let exact = |(index, color): (usize, &[i32; MAX_COMPONENTS])| Exact {
            position: grid.position(index),
            factor: [sigma, 0, 0, sigma],
            color: self.color(*color, amplitude),
        };
        self.base.iter().enumerate().map(exact).collect()
    }

    /// All atoms as integers.
    pub fn exact_atoms(&self) -> Vec<Exact> {
        self.atoms.iter().map(|atom| self.exact(atom)).collect()
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

/// Appends the payload.
///
/// # Errors
/// [`Error::Invalid`] for what a file cannot hold.
pub fn write(coded: &Coded, out: &mut Vec<u8>) -> Result<()> {
    if !SPACINGS.contains(&coded.spacing) || coded.base.len() != coded.grid().count() {
        return Err(Error::Invalid(format!(
            "a base layer of {} Gaussians, 2^{} pixels apart, cannot be stored",
            coded.base.len(),
            coded.spacing
        )));
    }
    let leaves = Leaves::new(coded.size);
    let inside = |atom: &&Atom| leaves.of(atom.position()).is_some();
    let count = coded.atoms.iter().filter(inside).count();
    crate::codec::compact::push_varint(out, count as u64);
    out.push(coded.step);
    out.push(coded.spacing);
    let mut encoder = Encoder::default();
    let mut model = Model::trained();
    let mut symbols = Symbols { coder: &mut encoder, model: &mut model };
    write_bits(&mut symbols, coded)?;
    out.extend(encoder.finish());
    Ok(())
}

/// Base layer and atoms.
fn write_bits(symbols: &mut Symbols<'_, Encoder>, coded: &Coded) -> Result<()> {
    base::code(symbols, &coded.grid(), coded.channels, &coded.base)?;
    let leaves = stream::in_leaves(coded.size, &coded.atoms);
    let count = leaves.iter().map(Vec::len).sum();
    stream::code(symbols, coded.size, coded.channels, Some(&leaves), count)?;
    Ok(())
}

/// Number of Gaussians of a payload, the base layer among them, and the base layer's spacing.
///
/// # Errors
/// [`Error::Malformed`] if it ends too early.
pub fn read_count(payload: &[u8], size: Size) -> Result<u64> {
    let header = Head::read(&mut Bytes(payload))?;
    Ok(header.count.saturating_add(Grid::new(size, 1 << header.spacing).count() as u64))
}

/// What stands before the bits.
struct Head {
    count: u64,
    step: u8,
    spacing: u8,
}

impl Head {
    fn read(bytes: &mut Bytes) -> Result<Self> {
        let count = crate::codec::compact::varint(bytes)?;
        let (step, spacing) = (bytes.u8()?, bytes.u8()?);
        if !SPACINGS.contains(&spacing) {
            return Err(unsupported(format!("its base layer is 2^{spacing} pixels apart")));
        }
        Ok(Self { count, step, spacing })
    }
}

/// The Gaussians of a payload, whose picture has passed `limits`.
///
/// # Errors
/// [`Error::Limit`] for more Gaussians than allowed; [`Error::Malformed`] if their number is not
/// the one that it states.
pub fn read(payload: &[u8], size: Size, channels: usize, limits: &ReadLimits) -> Result<Coded> {
    let mut bytes = Bytes(payload);
    let Head { count, step, spacing } = Head::read(&mut bytes)?;
    let grid = Grid::new(size, 1 << spacing);
    limits.check_count(count.saturating_add(grid.count() as u64))?;
    let count = usize::try_from(count).map_err(|_| malformed("it holds too many Gaussians"))?;
    let mut decoder = Decoder::new(bytes.0);
    let mut model = Model::trained();
    let mut symbols = Symbols { coder: &mut decoder, model: &mut model };
    let base = base::code(&mut symbols, &grid, channels, &[])?;
    let atoms = stream::code(&mut symbols, size, channels, None, count)?;
    Ok(Coded { size, channels, step, spacing, base, atoms })
}

/// Learns the tables that streams start with from coded pictures, the most typical last.
///
/// # Errors
/// As [`crate::codec::encode_exact`].
pub fn train(pictures: &[Coded]) -> Result<Vec<u8>> {
    let mut model = Model::default();
    for coded in pictures {
        let mut symbols = Symbols { coder: &mut Encoder::default(), model: &mut model };
        write_bits(&mut symbols, coded)?;
    }
    Ok(model.to_bytes())
}
