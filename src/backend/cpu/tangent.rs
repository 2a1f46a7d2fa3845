//! Kernel: the derivative of the picture along a tangent, in one band of rows.

use pulp::{Simd, WithSimd};

use super::draw::Band;
use super::sweep::sweep;
use super::vectors::{ByVectors, VectorKernel, Vectors, vector_mut};
use crate::backend::GEOMETRY_MOMENTS;
use crate::gaussian_values::Constants;

/// Draws the band's derivative along a tangent `[N, C + 5]`.
pub(super) struct DrawTangent<'a, const C: usize> {
    pub(super) band: Band<'a>,
    pub(super) tangent: &'a [f32],
}

struct DrawTangentVectors<'a, S: Simd, const C: usize> {
    constants: &'a Constants<S>,
    curvature: S::f32s,
    color: [S::f32s; C],
    color_tangent: [S::f32s; C],
    /// Coefficients of `u, dy, u^2, u dy, dy^2`.
    geometry: [f32; GEOMETRY_MOMENTS],
    stride: usize,
    pixels: &'a mut [f32],
    vectors: &'a mut Vectors,
}

impl<S: Simd, const C: usize> VectorKernel<S> for DrawTangentVectors<'_, S, C> {
    #[inline(always)]
    fn vectors(&mut self) -> &mut Vectors {
        self.vectors
    }

    #[inline(always)]
    fn flush(&mut self, simd: S) {
        let [t_u, t_y, t_uu, t_uy, t_yy] = self.geometry;
        let quadratic = simd.splat_f32s(t_uu);
        for vector in self.vectors.iter() {
            let constant = simd.splat_f32s((t_y + t_yy * vector.dy) * vector.dy);
            let linear = simd.splat_f32s(t_u + t_uy * vector.dy);
            let offset = simd.splat_f32s(vector.offset);
            let u = simd.add_f32s(self.constants.iota, simd.splat_f32s(vector.u));
            let g = self.constants.gaussian(simd, u, self.curvature, offset);
            let shape = simd.mul_add_e_f32s(quadratic, u, linear);
            let shape = simd.mul_f32s(g, simd.mul_add_e_f32s(shape, u, constant));
            for channel in 0..C {
                let value = vector_mut::<S>(self.pixels, vector.place + channel * self.stride);
                let sum = simd.mul_add_e_f32s(g, self.color_tangent[channel], *value);
                *value = simd.mul_add_e_f32s(shape, self.color[channel], sum);
            }
        }
        self.vectors.clear();
    }
}

impl<const C: usize> WithSimd for DrawTangent<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let band = self.band;
        let constants = Constants::new(simd);
        let mut vectors = Vectors::new();
        band.pixels.fill(0.0);
        for piece in band.pieces {
            let index = piece.splat as usize;
            let footprint = &band.footprints[index];
            let stride = C + GEOMETRY_MOMENTS;
            let tangent = &self.tangent[index * stride..][..stride];
            let mut color = [simd.splat_f32s(0.0); C];
            let mut color_tangent = color;
            for channel in 0..C {
                color[channel] = simd.splat_f32s(band.color[index * C + channel]);
                color_tangent[channel] = simd.splat_f32s(tangent[channel]);
            }
            let mut kernel = ByVectors(DrawTangentVectors {
                constants: &constants,
                curvature: simd.splat_f32s(footprint.curvature),
                color,
                color_tangent,
                geometry: sheared_tangent(&tangent[C..], footprint.shear),
                stride: band.layout.stride,
                pixels: &mut *band.pixels,
                vectors: &mut vectors,
            });
            sweep::<S, C>(simd, footprint, *piece, band.layout, &mut kernel);
            kernel.0.flush(simd);
        }
    }
}

/// From the coefficients of `dx, dy, dx^2, dx dy, dy^2` to those of `u, dy, u^2, u dy, dy^2`,
/// with `dx = u + shear dy`.
fn sheared_tangent(geometry: &[f32], shear: f64) -> [f32; GEOMETRY_MOMENTS] {
    let [t_x, t_y, t_xx, t_xy, t_yy] = std::array::from_fn(|i| f64::from(geometry[i]));
    [
        t_x,
        t_y + shear * t_x,
        t_xx,
        t_xy + 2.0 * shear * t_xx,
        t_yy + shear * t_xy + shear * shear * t_xx,
    ]
    .map(|v| v as f32)
}
