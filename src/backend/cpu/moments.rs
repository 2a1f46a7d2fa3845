//! Kernel: the moments of splats against a gradient image.

use pulp::{Simd, WithSimd};

use super::footprint::Footprint;
use super::pieces::Piece;
use super::sweep::{Layout, Row, RowKernel, sweep};
use crate::backend::GEOMETRY_MOMENTS;
use crate::gaussian_values::Constants;

/// Moments of some pieces.
pub(super) struct Moments<'a, const C: usize> {
    pub(super) footprints: &'a [Footprint],
    /// Colours, `[N, C]`.
    pub(super) color: &'a [f32],
    pub(super) pieces: &'a [Piece],
    pub(super) layout: Layout,
    /// The gradient image, `[H, C, stride]`.
    pub(super) gradient: &'a [f32],
    /// Moments of the pieces, `[pieces, C + 5]`.
    pub(super) moments: &'a mut [f32],
}

struct MomentsRow<'a, S: Simd, const C: usize> {
    constants: &'a Constants<S>,
    curvature: S::f32s,
    color: [S::f32s; C],
    stride: usize,
    gradient: &'a [f32],
    /// Sums of `g G_c`.
    color_sum: [S::f32s; C],
    /// Sums of `g h` times `u, dy, u^2, u dy, dy^2`.
    geometry_sum: [S::f32s; GEOMETRY_MOMENTS],
}

impl<S: Simd, const C: usize> RowKernel<S> for MomentsRow<'_, S, C> {
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "arrays of channels share the index")]
    fn row(&mut self, simd: S, row: &Row) {
        let gradient: [&[S::f32s]; C] = std::array::from_fn(|channel| {
            let pixels = &self.gradient[row.place + channel * self.stride..];
            S::as_simd_f32s(&pixels[..row.vectors * S::F32_LANES]).0
        });
        let offset = simd.splat_f32s(row.offset);
        let mut u = simd.add_f32s(self.constants.iota, simd.splat_f32s(row.u));
        let zero = simd.splat_f32s(0.0);
        let [mut sum, mut sum_u] = [zero; 2];
        let [s_u, s_y, s_uu, s_uy, s_yy] = &mut self.geometry_sum;
        for i in 0..row.vectors {
            let g = self.constants.gaussian(simd, u, self.curvature, offset);
            let mut h = simd.mul_f32s(gradient[0][i], self.color[0]);
            for channel in 1..C {
                h = simd.mul_add_e_f32s(gradient[channel][i], self.color[channel], h);
            }
            for channel in 0..C {
                let total = &mut self.color_sum[channel];
                *total = simd.mul_add_e_f32s(g, gradient[channel][i], *total);
            }
            let h = simd.mul_f32s(g, h);
            let hu = simd.mul_f32s(h, u);
            sum = simd.add_f32s(sum, h);
            sum_u = simd.add_f32s(sum_u, hu);
            *s_uu = simd.mul_add_e_f32s(hu, u, *s_uu);
            u = simd.add_f32s(u, self.constants.step);
        }
        let dy = simd.splat_f32s(row.dy);
        let sum_y = simd.mul_f32s(sum, dy);
        *s_u = simd.add_f32s(*s_u, sum_u);
        *s_y = simd.add_f32s(*s_y, sum_y);
        *s_uy = simd.mul_add_e_f32s(sum_u, dy, *s_uy);
        *s_yy = simd.mul_add_e_f32s(sum_y, dy, *s_yy);
    }
}

impl<const C: usize> WithSimd for Moments<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let constants = Constants::new(simd);
        let zero = simd.splat_f32s(0.0);
        let out = self.moments.chunks_exact_mut(C + GEOMETRY_MOMENTS);
        for (piece, out) in self.pieces.iter().zip(out) {
            let index = piece.splat as usize;
            let footprint = &self.footprints[index];
            let mut color = [zero; C];
            for (lanes, value) in color.iter_mut().zip(&self.color[index * C..][..C]) {
                *lanes = simd.splat_f32s(*value);
            }
            let mut kernel = MomentsRow {
                constants: &constants,
                curvature: simd.splat_f32s(footprint.curvature),
                color,
                stride: self.layout.stride,
                gradient: self.gradient,
                color_sum: [zero; C],
                geometry_sum: [zero; GEOMETRY_MOMENTS],
            };
            sweep::<S, C>(simd, footprint, *piece, self.layout, &mut kernel);
            for (value, lanes) in out.iter_mut().zip(kernel.color_sum) {
                *value = simd.reduce_sum_f32s(lanes);
            }
            let mut geometry = [0.0; GEOMETRY_MOMENTS];
            for (value, lanes) in geometry.iter_mut().zip(kernel.geometry_sum) {
                *value = simd.reduce_sum_f32s(lanes);
            }
            out[C..].copy_from_slice(&unsheared(geometry, footprint.shear));
        }
    }
}

/// From the moments of `u, dy, u^2, u dy, dy^2` to those of `dx, dy, dx^2, dx dy, dy^2`, with
/// `dx = u + shear dy`.
#[inline(always)]
fn unsheared(moments: [f32; GEOMETRY_MOMENTS], shear: f64) -> [f32; GEOMETRY_MOMENTS] {
    let [m_u, m_y, m_uu, m_uy, m_yy] = moments.map(f64::from);
    [m_u + shear * m_y, m_y, m_uu + shear * (2.0 * m_uy + shear * m_yy), m_uy + shear * m_yy, m_yy]
        .map(|v| v as f32)
}
