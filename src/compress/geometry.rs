//! Where a Gaussian is and how it is shaped, before it is rounded.

use crate::codec::coded::atom::{Atom, POSITION_BITS};
use crate::codec::coded::fixed::{HALF_TURN, OCTAVE};
use crate::gaussians::singular_values;

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
        let (shape, position) = atom.shape_and_position();
        let unit = (1_u64 << POSITION_BITS) as f64;
        Self {
            mean_px: position.map(|v| v as f64 / unit),
            scale: shape.scale.map(f64::from),
            turn: f64::from(shape.turn),
        }
    }

    /// What half the squared error between this and an atom is, by the energy of the atom, as the
    /// Gauss-Newton metric has it (see [`crate::codec::coded::atom`]).
    pub fn distance_to(&self, atom: &Atom) -> f64 {
        let other = Self::of_atom(atom);
        let [s1, s2] = other.scale.map(|log| (log / f64::from(OCTAVE)).exp2());
        let angle = other.turn / f64::from(HALF_TURN) * std::f64::consts::PI;
        let (sin, cos) = angle.sin_cos();
        let [x, y] = [0, 1].map(|axis| other.mean_px[axis] - self.mean_px[axis]);
        let place = ((cos * x + sin * y) / s1).powi(2) + ((cos * y - sin * x) / s2).powi(2);
        // The axes may have changed their roles.
        let [same, swapped] = [0, 1].map(|swap| {
            let unit = std::f64::consts::LN_2 / f64::from(OCTAVE);
            let scales = [0, 1].map(|axis| (other.scale[axis] - self.scale[axis ^ swap]) * unit);
            let half = f64::from(HALF_TURN / 2);
            let turn = other.turn - self.turn - swap as f64 * half;
            let turn = ((turn + half).rem_euclid(2.0 * half) - half) / f64::from(HALF_TURN);
            let turn = turn * std::f64::consts::PI * (s1 / s2 - s2 / s1);
            scales[0].powi(2) + scales[1].powi(2) + 0.5 * turn * turn
        });
        0.25 * (place + same.min(swapped))
    }
}
