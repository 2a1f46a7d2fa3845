//! Kernel: the sum of splats, or its derivative along a tangent, in one band of rows.

use pulp::{Simd, WithSimd};

use super::footprint::Footprint;
use super::gaussian::Constants;
use super::pieces::Piece;
use super::sweep::{Row, RowKernel, lanes_mut, sweep};
use crate::backend::GEOMETRY_MOMENTS;

/// What the kernels of a band read and write.
pub(super) struct Band<'a> {
    pub(super) footprints: &'a [Footprint],
    /// Colours, `[N, C]`.
    pub(super) color: &'a [f32],
    /// Pieces that lie in the band.
    pub(super) pieces: &'a [Piece],
    /// First row of the band.
    pub(super) first_row: usize,
    /// Columns of the picture.
    pub(super) width: usize,
    /// Distance from one channel of a row to the next.
    pub(super) stride: usize,
    /// Rows of the band, `[rows, C, stride]`.
    pub(super) pixels: &'a mut [f32],
}

/// Draws the band.
pub(super) struct Draw<'a, const C: usize>(pub(super) Band<'a>);

struct DrawRow<'a, S: Simd, const C: usize> {
    constants: &'a Constants<S>,
    curvature: S::f32s,
    color: [S::f32s; C],
    first_row: usize,
    stride: usize,
    pixels: &'a mut [f32],
}

impl<S: Simd, const C: usize> RowKernel<S> for DrawRow<'_, S, C> {
    #[inline(always)]
    fn row(&mut self, simd: S, row: &Row) {
        let pixels = &mut self.pixels[(row.y - self.first_row) * C * self.stride..];
        let out = lanes_mut::<S, C>(pixels, self.stride, row.start, row.vectors);
        let offset = simd.splat_f32s(row.offset);
        let mut u = simd.add_f32s(self.constants.iota, simd.splat_f32s(row.u));
        for i in 0..row.vectors {
            let g = self.constants.gaussian(simd, u, self.curvature, offset);
            for channel in 0..C {
                let value = &mut out[channel][i];
                *value = simd.mul_add_e_f32s(g, self.color[channel], *value);
            }
            u = simd.add_f32s(u, self.constants.step);
        }
    }
}

impl<const C: usize> WithSimd for Draw<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let band = self.0;
        let constants = Constants::new(simd);
        band.pixels.fill(0.0);
        for piece in band.pieces {
            let index = piece.splat as usize;
            let footprint = &band.footprints[index];
            let mut color = [simd.splat_f32s(0.0); C];
            for (lanes, value) in color.iter_mut().zip(&band.color[index * C..][..C]) {
                *lanes = simd.splat_f32s(*value);
            }
            let mut kernel = DrawRow {
                constants: &constants,
                curvature: simd.splat_f32s(footprint.curvature),
                color,
                first_row: band.first_row,
                stride: band.stride,
                pixels: &mut *band.pixels,
            };
            sweep(simd, footprint, *piece, band.width, &mut kernel);
        }
    }
}

/// Draws the band's derivative along a tangent `[N, C + 5]`.
pub(super) struct DrawTangent<'a, const C: usize> {
    pub(super) band: Band<'a>,
    pub(super) tangent: &'a [f32],
}

struct DrawTangentRow<'a, S: Simd, const C: usize> {
    constants: &'a Constants<S>,
    curvature: S::f32s,
    color: [S::f32s; C],
    color_tangent: [S::f32s; C],
    /// Coefficients of `u, dy, u^2, u dy, dy^2`.
    geometry: [f32; GEOMETRY_MOMENTS],
    first_row: usize,
    stride: usize,
    pixels: &'a mut [f32],
}

impl<S: Simd, const C: usize> RowKernel<S> for DrawTangentRow<'_, S, C> {
    #[inline(always)]
    fn row(&mut self, simd: S, row: &Row) {
        let pixels = &mut self.pixels[(row.y - self.first_row) * C * self.stride..];
        let out = lanes_mut::<S, C>(pixels, self.stride, row.start, row.vectors);
        let [t_u, t_y, t_uu, t_uy, t_yy] = self.geometry;
        let constant = simd.splat_f32s((t_y + t_yy * row.dy) * row.dy);
        let linear = simd.splat_f32s(t_u + t_uy * row.dy);
        let quadratic = simd.splat_f32s(t_uu);
        let offset = simd.splat_f32s(row.offset);
        let mut u = simd.add_f32s(self.constants.iota, simd.splat_f32s(row.u));
        for i in 0..row.vectors {
            let g = self.constants.gaussian(simd, u, self.curvature, offset);
            let shape = simd.mul_add_e_f32s(quadratic, u, linear);
            let shape = simd.mul_f32s(g, simd.mul_add_e_f32s(shape, u, constant));
            for channel in 0..C {
                let value = &mut out[channel][i];
                let sum = simd.mul_add_e_f32s(g, self.color_tangent[channel], *value);
                *value = simd.mul_add_e_f32s(shape, self.color[channel], sum);
            }
            u = simd.add_f32s(u, self.constants.step);
        }
    }
}

impl<const C: usize> WithSimd for DrawTangent<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let band = self.band;
        let constants = Constants::new(simd);
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
            let mut kernel = DrawTangentRow {
                constants: &constants,
                curvature: simd.splat_f32s(footprint.curvature),
                color,
                color_tangent,
                geometry: sheared_tangent(&tangent[C..], footprint.shear),
                first_row: band.first_row,
                stride: band.stride,
                pixels: &mut *band.pixels,
            };
            sweep(simd, footprint, *piece, band.width, &mut kernel);
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
