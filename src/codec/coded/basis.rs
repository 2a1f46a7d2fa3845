//! The basis that colours have their components in.

use super::atom::MAX_COMPONENTS;
use super::fixed::{DIRECTION_BITS, HALF_TURN, direction, multiply};

/// `1 / sqrt 3`, `1 / sqrt 2` and `1 / sqrt 6`, times `2^30`.
const THIRD: i64 = 619_925_131;
const HALF: i64 = 759_250_125;
const SIXTH: i64 = 438_353_264;

/// Steps of [`direction`] in a step of a turn.
const TURN_STEP: u32 = HALF_TURN / 256;

/// The pairs of components that are turned, one pair after the other.
pub const PLANES: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];

/// An orthonormal basis of red, green and blue: luma and two differences, red against blue and
/// green against both, turned within the three pairs of components. A picture has a basis of its
/// own, in which most of its colours have few components (Karhunen-Loeve).
///
/// Gray and alpha stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Basis {
    /// Angles in [`PLANES`], 1/256 of a half turn each.
    pub turns: [i8; 3],
}

impl Basis {
    /// Red, green and blue of each component, with [`DIRECTION_BITS`] behind the point.
    pub fn exact(&self) -> [[i64; 3]; 3] {
        let mut rows = [[THIRD, THIRD, THIRD], [HALF, 0, -HALF], [-SIXTH, 2 * SIXTH, -SIXTH]];
        for ([a, b], turn) in PLANES.into_iter().zip(self.turns) {
            let [cos, size] = direction(TURN_STEP * u32::from(turn.unsigned_abs()));
            let sin = size * i64::from(turn.signum());
            let (first, second) = (rows[a], rows[b]);
            let sum = |c: usize, [u, v]: [i64; 2]| {
                multiply(first[c], u, DIRECTION_BITS) + multiply(second[c], v, DIRECTION_BITS)
            };
            rows[a] = std::array::from_fn(|c| sum(c, [cos, sin]));
            rows[b] = std::array::from_fn(|c| sum(c, [-sin, cos]));
        }
        rows
    }

    /// The components of a colour of 1, 3 or 4 channels; those not in use are zero.
    pub fn components(&self) -> impl Fn(&[f32]) -> [f32; MAX_COMPONENTS] + use<> {
        let unit = (1_i64 << DIRECTION_BITS) as f32;
        let rows = self.exact().map(|row| row.map(|v| v as f32 / unit));
        move |color| match *color {
            [gray] => [gray, 0.0, 0.0, 0.0],
            [red, green, blue, ref rest @ ..] => {
                let [a, b, c] = rows.map(|row| row[0] * red + row[1] * green + row[2] * blue);
                [a, b, c, rest.first().copied().unwrap_or_default()]
            }
            _ => [0.0; MAX_COMPONENTS],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_basis_is_orthonormal_and_starts_from_luma_and_two_differences() {
        let turns: [i8; 5] = [-128, -37, 0, 1, 127];
        for a in turns {
            for b in turns {
                for c in turns {
                    let rows = Basis { turns: [a, b, c] }.exact();
                    for (i, first) in rows.iter().enumerate() {
                        for (j, second) in rows.iter().enumerate() {
                            let product: f64 = (0..3)
                                .map(|c| first[c] as f64 * second[c] as f64 / 2_f64.powi(60))
                                .sum();
                            let expected = if i == j { 1.0 } else { 0.0 };
                            assert!((product - expected).abs() < 1e-8, "{a} {b} {c}: {product}");
                        }
                    }
                }
            }
        }
        let components = Basis::default().components();
        let [luma, orange, green, _] = components(&[0.5, 0.5, 0.5]);
        assert!((luma - 0.75_f32.sqrt()).abs() < 1e-6 && orange.abs() + green.abs() < 1e-6);
        assert_eq!(components(&[0.2, 0.4, 0.6, 0.7])[3], 0.7);
        assert_eq!(components(&[0.3]), [0.3, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn a_turn_takes_from_one_component_to_the_other() {
        let color = Basis::default().exact()[1].map(|v| v as f32 / (1 << DIRECTION_BITS) as f32);
        let turned = Basis { turns: [64, 0, 0] }.components()(&color);
        let half = std::f32::consts::FRAC_1_SQRT_2;
        assert!((turned[0] - half).abs() < 1e-6 && (turned[1] - half).abs() < 1e-6, "{turned:?}");
    }
}
