//! Kernel: the sum of splats in one band of rows.

use pulp::{Simd, WithSimd};

use super::footprint::Footprint;
use super::pieces::Piece;
use super::sweep::{Layout, sweep};
use super::vectors::{ByVectors, VectorKernel, Vectors, vector_mut};
use crate::gaussian_values::Constants;

/// What the kernels of a band read and write.
pub(super) struct Band<'a> {
    pub(super) footprints: &'a [Footprint],
    /// Colours, `[N, C]`.
    pub(super) color: &'a [f32],
    /// Pieces that lie in the band.
    pub(super) pieces: &'a [Piece],
    pub(super) layout: Layout,
    /// Rows of the band, `[rows, C, stride]`.
    pub(super) pixels: &'a mut [f32],
}

/// Draws the band.
pub(super) struct Draw<'a, const C: usize>(pub(super) Band<'a>);

struct DrawVectors<'a, S: Simd, const C: usize> {
    constants: &'a Constants<S>,
    curvature: S::f32s,
    color: [S::f32s; C],
    stride: usize,
    pixels: &'a mut [f32],
    vectors: &'a mut Vectors,
}

impl<S: Simd, const C: usize> VectorKernel<S> for DrawVectors<'_, S, C> {
    #[inline(always)]
    fn vectors(&mut self) -> &mut Vectors {
        self.vectors
    }

    #[inline(always)]
    fn flush(&mut self, simd: S) {
        for vector in self.vectors.iter() {
            let offset = simd.splat_f32s(vector.offset);
            let u = simd.add_f32s(self.constants.iota, simd.splat_f32s(vector.u));
            let g = self.constants.gaussian(simd, u, self.curvature, offset);
            for channel in 0..C {
                let value = vector_mut::<S>(self.pixels, vector.place + channel * self.stride);
                *value = simd.mul_add_e_f32s(g, self.color[channel], *value);
            }
        }
        self.vectors.clear();
    }
}

impl<const C: usize> WithSimd for Draw<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let band = self.0;
        let constants = Constants::new(simd);
        let mut vectors = Vectors::new();
        band.pixels.fill(0.0);
        for piece in band.pieces {
            let index = piece.splat as usize;
            let footprint = &band.footprints[index];
            let mut color = [simd.splat_f32s(0.0); C];
            for (lanes, value) in color.iter_mut().zip(&band.color[index * C..][..C]) {
                *lanes = simd.splat_f32s(*value);
            }
            let mut kernel = ByVectors(DrawVectors {
                constants: &constants,
                curvature: simd.splat_f32s(footprint.curvature),
                color,
                stride: band.layout.stride,
                pixels: &mut *band.pixels,
                vectors: &mut vectors,
            });
            sweep::<S, C>(simd, footprint, *piece, band.layout, &mut kernel);
            kernel.0.flush(simd);
        }
    }
}
