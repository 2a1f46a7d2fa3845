//! The basis in which the colours of a picture take the fewest bits.

use rayon::prelude::*;

use crate::codec::coded::{Basis, PLANES};
use crate::gaussians::Gaussians;

/// Passes over the three pairs of components.
const PASSES: usize = 3;

/// Angles that are tried on either side, coarse to fine.
const STRIDES: [i32; 3] = [16, 4, 1];
const TRIALS: i32 = 4;

/// Gaussians that are looked at; more of them say no more.
const SAMPLES: usize = 4096;

/// The basis for Gaussians that are to be quantised with a colour step `d`: of the sums of
/// `ln(1 + k_c^2)` over the components of all, about the bits that they take, a least one. Without
/// red, green and blue it is the basis that all start from.
pub fn color_basis(gaussians: &Gaussians, step: f64) -> Basis {
    let mut basis = Basis::default();
    if gaussians.channels() < 3 {
        return basis;
    }
    let stride = gaussians.len().div_ceil(SAMPLES).max(1);
    let scaled: Vec<[f32; 3]> = (0..gaussians.len())
        .step_by(stride)
        .map(|index| {
            let [a, b, c, d] = gaussians.factor_px[index];
            let norm = (std::f32::consts::PI * (a * d - b * c).abs()).sqrt() / step as f32;
            let color = gaussians.color_of(index);
            [color[0] * norm, color[1] * norm, color[2] * norm]
        })
        .collect();
    let cost = |basis: &Basis| -> f64 {
        let components = basis.components();
        let of_color = |color: &[f32; 3]| {
            let [a, b, c, _] = components(color);
            f64::from(((1.0 + a * a) * (1.0 + b * b) * (1.0 + c * c)).ln())
        };
        scaled.iter().map(of_color).sum()
    };
    for _ in 0..PASSES {
        let before = basis;
        for plane in 0..PLANES.len() {
            for stride in STRIDES {
                let turned = |by: i32| {
                    let mut basis = basis;
                    let turn = (i32::from(basis.turns[plane]) + by * stride).clamp(-128, 127);
                    basis.turns[plane] = turn as i8;
                    basis
                };
                let trials: Vec<(f64, Basis)> = (-TRIALS..=TRIALS)
                    .into_par_iter()
                    .map(turned)
                    .map(|basis| (cost(&basis), basis))
                    .collect();
                let least = trials.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
                basis = least.map_or(basis, |(_, basis)| basis);
            }
        }
        if basis == before {
            break;
        }
    }
    basis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_on_one_line_have_one_component() {
        let mut gaussians = Gaussians::empty(3);
        for index in 0..200 {
            let size = 0.3 * (index % 17) as f32 - 2.0;
            gaussians.push([0.0; 2], [3.0, 0.0, 0.0, 2.0], &[size, 0.2 * size, -0.4 * size]);
        }
        let components = color_basis(&gaussians, 0.1).components();
        let mut sizes = components(&[1.0, 0.2, -0.4]).map(f32::abs);
        sizes.sort_by(f32::total_cmp);
        let length = 1.2_f32.sqrt();
        assert!(sizes[3] > 0.9995 * length && sizes[2] < 0.03 * length, "{sizes:?}");
    }
}
