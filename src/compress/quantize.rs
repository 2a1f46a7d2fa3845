//! From continuous parameters to the nearest atom.

use crate::codec::coded::Basis;
use crate::codec::coded::atom::{
    Atom, MAX_COMPONENT, MAX_COMPONENTS, POSITION_BITS, SMALLEST_SCALE, Shape, Steps, finest_angle,
};
use crate::codec::coded::fixed::{HALF_TURN, OCTAVE};
use crate::codec::coded::lattice::Lattice;
use crate::codec::coded::leaves::MARGIN_PX;
use crate::gaussians::{Gaussians, singular_values};
use crate::image::Size;

/// How far outside the picture centres may lie, before they are rounded: within the leaves even
/// where the lattice has its coarsest step, 8 pixels.
const REACH_PX: i64 = MARGIN_PX - 7;

/// Geometry of a Gaussian in the units of the format, but not rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Centre in pixels.
    pub mean_px: [f64; 2],
    /// Logarithms of the standard deviations, larger axis first, 256 an octave.
    pub scale: [f64; 2],
    /// Direction of the larger axis, 1024 a half turn.
    pub turn: f64,
}

impl Geometry {
    /// Of a Gaussian.
    pub fn of(mean_px: [f32; 2], factor_px: [f32; 4]) -> Self {
        let [l00, l01, l10, l11] = factor_px.map(f64::from);
        let (xx, yy) = (l00 * l00 + l01 * l01, l10 * l10 + l11 * l11);
        let xy = l00 * l10 + l01 * l11;
        let angle = 0.5 * f64::atan2(2.0 * xy, xx - yy);
        let sigmas = singular_values(factor_px);
        Self {
            mean_px: mean_px.map(f64::from),
            scale: sigmas.map(|s| f64::from(s).max(1e-3).log2() * f64::from(OCTAVE)),
            turn: angle / std::f64::consts::PI * f64::from(HALF_TURN),
        }
    }

    /// Of an atom, exactly.
    pub fn of_atom(atom: &Atom) -> Self {
        let shape = atom.shape();
        let unit = (1_u64 << POSITION_BITS) as f64;
        Self {
            mean_px: atom.position().map(|v| v as f64 / unit),
            scale: shape.scale.map(f64::from),
            turn: f64::from(shape.turn),
        }
    }

    /// The nearest atom of a colour.
    pub fn quantize(&self, color: [i32; MAX_COMPONENTS], size: Size) -> Atom {
        let mut atom = self.quantize_as(color, size, false);
        if !atom.is_whole() {
            atom = self.quantize_as(color, size, true);
        }
        atom
    }

    /// The nearest with an odd or even sum of its place; it need not be whole.
    pub fn quantize_as(&self, color: [i32; MAX_COMPONENTS], size: Size, is_odd: bool) -> Atom {
        let mut atom = Atom { color, ..Atom::default() };
        let steps = Steps::of(atom.energy());
        let step = f64::from(OCTAVE >> steps.scale_bits);
        let most = f64::from(steps.scales() - 1);
        let level =
            |log: f64| ((log - f64::from(SMALLEST_SCALE)) / step).round().clamp(0.0, most) as i32;
        atom.scale = self.scale.map(level);
        let mut turn = self.turn;
        if atom.scale[0] < atom.scale[1] {
            atom.scale.swap(0, 1);
            turn += f64::from(HALF_TURN / 2);
        }
        let scale = atom.scale.map(|level| steps.scale(level));
        let bits = steps.angle_bits(scale);
        let angles = f64::from(1 << bits);
        atom.angle = (turn / f64::from(HALF_TURN) * angles).round().rem_euclid(angles) as i32;
        let shape = Shape { scale, turn: finest_angle(atom.angle, bits) };
        let limits = [size.width, size.height].map(|side| (side as i64 + REACH_PX) as f64);
        let unit = (1_u64 << POSITION_BITS) as f64;
        let position: [i64; 2] = std::array::from_fn(|axis| {
            let inside = self.mean_px[axis].clamp(-REACH_PX as f64, limits[axis]);
            (inside * unit).round() as i64
        });
        atom.place = Lattice::new(steps, &shape).nearest(position, is_odd);
        atom
    }
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
        let color = components(gaussians.color_of(index)).map(|v| {
            let most = f64::from(MAX_COMPONENT);
            (f64::from(v) * norm).round().clamp(-most, most) as i32
        });
        let geometry = Geometry::of(gaussians.mean_px[index], gaussians.factor_px[index]);
        (color != [0; MAX_COMPONENTS]).then(|| geometry.quantize(color, size))
    };
    (0..gaussians.len()).map(atom).collect()
}
