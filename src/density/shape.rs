//! Where a Gaussian is and what it covers, without its colour.

use std::ops::Range;

use crate::gaussians::{Gaussians, SUPPORT_Q};
use crate::image::Size;

/// Centre and factor of a Gaussian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub mean_px: [f32; 2],
    pub factor_px: [f32; 4],
}

impl Shape {
    pub fn of(gaussians: &Gaussians, index: usize) -> Self {
        Self { mean_px: gaussians.mean_px[index], factor_px: gaussians.factor_px[index] }
    }

    /// Product of the standard deviations.
    #[inline(always)]
    pub fn area(&self) -> f32 {
        let [a, b, c, d] = self.factor_px;
        (a * d - b * c).abs()
    }

    /// The covariance `[xx, xy, yy]`.
    #[inline(always)]
    pub fn covariance(&self) -> [f32; 3] {
        let [a, b, c, d] = self.factor_px;
        [a * a + b * b, a * c + b * d, c * c + d * d]
    }

    /// The inverse of the covariance.
    #[inline(always)]
    fn precision(&self) -> [f32; 3] {
        let [a, b, c, d] = self.factor_px;
        let determinant = a * d - b * c;
        let scale = 1.0 / (determinant * determinant);
        let [xx, xy, yy] = self.covariance();
        [yy * scale, -xy * scale, xx * scale]
    }

    /// The rows of pixels that its support meets.
    #[inline(always)]
    pub fn rows(&self, size: Size) -> Range<usize> {
        let [_, _, yy] = self.covariance();
        span(self.mean_px[1], (SUPPORT_Q * yy).sqrt(), size.height)
    }

    /// What its support is along row `y`.
    #[inline(always)]
    pub fn row(&self, y: usize, size: Size) -> Row {
        let [xx, xy, yy] = self.precision();
        let [x0, y0] = self.mean_px;
        let dy = y as f32 + 0.5 - y0;
        let left = SUPPORT_Q - (yy - xy * xy / xx) * dy * dy;
        let columns =
            if left < 0.0 { 0..0 } else { span(x0 - xy * dy / xx, (left / xx).sqrt(), size.width) };
        Row { columns, first: 0.5 - x0, curvature: xx, slope: 2.0 * xy * dy, offset: yy * dy * dy }
    }

    /// Calls `each` with the pixels inside the support: place and value.
    pub fn for_each_pixel(&self, size: Size, mut each: impl FnMut(usize, f32)) {
        for y in self.rows(size) {
            let row = self.row(y, size);
            for x in row.columns.clone() {
                let dx = x as f32 + row.first;
                let q = (row.curvature * dx + row.slope) * dx + row.offset;
                if q <= SUPPORT_Q {
                    each(y * size.width + x, (-0.5 * q).exp());
                }
            }
        }
    }
}

/// One row of pixels under a Gaussian: `q = curvature dx^2 + slope dx + offset`.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub columns: Range<usize>,
    /// `dx` of column 0.
    pub first: f32,
    pub curvature: f32,
    pub slope: f32,
    pub offset: f32,
}

/// Pixels whose centres may lie within `reach` of `center`.
#[inline(always)]
fn span(center: f32, reach: f32, length: usize) -> Range<usize> {
    let from = (center - reach).max(0.0) as usize;
    from..((center + reach + 1.0).max(0.0) as usize).min(length).max(from)
}
