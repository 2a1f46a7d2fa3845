//! The value of a Gaussian, at one pixel or at as many as there are lanes.

use pulp::{Simd, bytemuck};

use crate::gaussians::SUPPORT_Q;

/// Factor from `q` to the exponent of two: `exp(-q/2) = 2^(EXPONENT_PER_Q q)`.
pub(crate) const EXPONENT_PER_Q: f64 = -0.5 * std::f64::consts::LOG2_E;

/// Widest vector of any level, in lanes. Rows are padded so that a vector may end behind them.
pub(crate) const MAX_LANES: usize = 16;

/// 1.5 * 2^23: adding it rounds a small number to an integer, which the low bits then hold.
const ROUNDING: f32 = 12_582_912.0;

/// Coefficients of `2^f` on `[-1/2, 1/2]`, highest power first, above the constant term 1: minimax
/// for the relative error, which is 1.1e-7 before rounding.
const POWER_OF_TWO: [f32; 5] =
    [1.330_060_8e-3, 9.669_692e-3, 5.550_558_5e-2, 2.402_228_3e-1, std::f32::consts::LN_2];

/// `exp(-q/2)` inside the support, zero outside and for NaN. A loop over it turns into vectors.
#[inline(always)]
pub(crate) fn value(q: f32) -> f32 {
    // Far outside, the exponent would overflow.
    let x = q.min(2.0 * SUPPORT_Q) * EXPONENT_PER_Q as f32;
    let rounded = x + ROUNDING;
    let f = x - (rounded - ROUNDING);
    let power = POWER_OF_TWO.iter().fold(0.0, |power, coefficient| (power + coefficient) * f);
    let value = f32::from_bits((power + 1.0).to_bits().wrapping_add(rounded.to_bits() << 23));
    if q <= SUPPORT_Q { value } else { 0.0 }
}

/// Constants of the kernels in registers.
pub(crate) struct Constants<S: Simd> {
    rounding: S::f32s,
    cut: S::f32s,
    coefficients: [S::f32s; 5],
    one: S::f32s,
    mantissa_bits: S::u32s,
    zero: S::u32s,
    /// 0, 1, 2, ...: lane numbers.
    pub(crate) iota: S::f32s,
    /// Number of lanes in every lane.
    pub(crate) step: S::f32s,
}

impl<S: Simd> Constants<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S) -> Self {
        const NUMBERS: [f32; MAX_LANES] =
            [0., 1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15.];
        let [c5, c4, c3, c2, c1] = POWER_OF_TWO;
        Self {
            rounding: simd.splat_f32s(ROUNDING),
            cut: simd.splat_f32s((EXPONENT_PER_Q * f64::from(SUPPORT_Q)) as f32),
            coefficients: [
                simd.splat_f32s(c5),
                simd.splat_f32s(c4),
                simd.splat_f32s(c3),
                simd.splat_f32s(c2),
                simd.splat_f32s(c1),
            ],
            one: simd.splat_f32s(1.0),
            mantissa_bits: simd.splat_u32s(23),
            zero: simd.splat_u32s(0),
            iota: simd.partial_load_f32s(&NUMBERS[..S::F32_LANES]),
            step: simd.splat_f32s(S::F32_LANES as f32),
        }
    }

    /// `2^(curvature u^2 + offset)` inside the support, zero outside and for NaN.
    #[inline(always)]
    pub(crate) fn gaussian(
        &self,
        simd: S,
        u: S::f32s,
        curvature: S::f32s,
        offset: S::f32s,
    ) -> S::f32s {
        let x = simd.mul_add_e_f32s(simd.mul_f32s(curvature, u), u, offset);
        let inside = simd.greater_than_or_equal_f32s(x, self.cut);
        let rounded = simd.add_f32s(x, self.rounding);
        let f = simd.sub_f32s(x, simd.sub_f32s(rounded, self.rounding));
        let [c5, c4, c3, c2, c1] = self.coefficients;
        let mut power = simd.mul_add_e_f32s(c5, f, c4);
        power = simd.mul_add_e_f32s(power, f, c3);
        power = simd.mul_add_e_f32s(power, f, c2);
        power = simd.mul_add_e_f32s(power, f, c1);
        power = simd.mul_add_e_f32s(power, f, self.one);
        // The integer part goes into the exponent; far outside it overflows, and is masked.
        let exponent = simd.wrapping_dyn_shl_u32s(bytemuck::cast(rounded), self.mantissa_bits);
        let value = simd.add_u32s(bytemuck::cast(power), exponent);
        bytemuck::cast(simd.select_u32s(inside, value, self.zero))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_exponential() {
        for step in 0..=1000 {
            let q = SUPPORT_Q * step as f32 / 1000.0;
            let expected = (-0.5 * f64::from(q)).exp();
            let error = (f64::from(value(q)) / expected - 1.0).abs();
            assert!(error < 2e-6, "{error} at {q}");
        }
        for q in [SUPPORT_Q * 1.0001, 1e30, f32::INFINITY, f32::NAN] {
            assert_eq!(value(q), 0.0, "{q}");
        }
    }
}
