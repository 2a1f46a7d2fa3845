//! Where on the picture a splat is: rows, and in each row the pixels inside its support.

use crate::backend::Splats;
use crate::gaussian_values::EXPONENT_PER_Q;
use crate::gaussians::SUPPORT_Q;
use crate::image::Size;

/// Rows whose spans are solved together, so that the compiler can use vectors for them.
pub(super) const ROWS_AT_ONCE: usize = 8;

/// A splat in coordinates sheared along the rows, in which its conic is diagonal:
/// `q = a u^2 + e dy^2` with `u = dx - shear dy`. So a row's Gaussian is one product and one sum
/// a pixel, and thin slanted splats lose no digits to cancellation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Footprint {
    mean_x: f64,
    mean_y: f64,
    /// Shift of the row's centre from one row to the next, in pixels.
    pub(super) shear: f64,
    /// Square of the half width of the support in the row through the mean.
    half_width_squared: f64,
    /// What that square loses, times `dy^2`.
    taper: f64,
    /// Exponent of two per `dy^2`.
    row_exponent: f64,
    /// Exponent of two per `u^2`.
    pub(super) curvature: f32,
    /// First row of the picture that the support may reach.
    pub(super) first_row: u32,
    /// Row behind the last one; not above `first_row` if the splat misses the picture.
    pub(super) end_row: u32,
    /// Column of the picture nearest to the mean.
    pub(super) column: u32,
}

/// The spans of [`ROWS_AT_ONCE`] rows.
#[derive(Default)]
pub(super) struct Spans {
    /// First pixel.
    pub(super) start: [i32; ROWS_AT_ONCE],
    /// Number of pixels; none if not positive.
    pub(super) length: [i32; ROWS_AT_ONCE],
    /// `u` of the first pixel.
    pub(super) u: [f32; ROWS_AT_ONCE],
    /// Exponent of two where `u = 0`.
    pub(super) offset: [f32; ROWS_AT_ONCE],
    /// Row's centre minus mean.
    pub(super) dy: [f32; ROWS_AT_ONCE],
}

impl Footprint {
    /// Footprint of one splat on a picture of `size`; empty if the splat is no Gaussian.
    pub(super) fn new(splats: &Splats, index: usize, size: Size) -> Self {
        let [mean_x, mean_y] = splats.mean_px[index].map(f64::from);
        let [a, b, c] = splats.conic[index].map(f64::from);
        let finite = [mean_x, mean_y, a, b, c].iter().all(|v| v.is_finite());
        if !finite || a < 0.0 || c < 0.0 {
            return Self::default();
        }
        let a = a.max(f64::from(f32::MIN_POSITIVE));
        let inverse_a = 1.0 / a;
        // Exact up to the last subtraction: a product of two f32 fits into an f64.
        let across = ((a * c - b * b) * inverse_a).max(0.0);
        let support_q = f64::from(SUPPORT_Q);
        let row_square = support_q / across;
        // A conic so thin that rounding made it flat has no end of its own.
        let end = splats.reach_px[index].map(|reach| 1.0 + 1.05 * f64::from(reach.abs()));
        let reach_x = (row_square * c * inverse_a).sqrt().min(end[0]);
        let reach_y = row_square.sqrt().min(end[1]);
        let (width, height) = (size.width as f64, size.height as f64);
        if size.pixels() == 0 || mean_x + reach_x < 0.0 || mean_x - reach_x > width {
            return Self::default();
        }
        let first = (mean_y - reach_y - 0.5).ceil().clamp(0.0, height);
        let end = ((mean_y + reach_y - 0.5).floor() + 1.0).clamp(0.0, height);
        Self {
            mean_x,
            mean_y,
            shear: -b * inverse_a,
            half_width_squared: support_q * inverse_a,
            taper: across * inverse_a,
            row_exponent: EXPONENT_PER_Q * across,
            curvature: (EXPONENT_PER_Q * a) as f32,
            first_row: first as u32,
            end_row: end as u32,
            column: mean_x.clamp(0.0, (width - 1.0).max(0.0)) as u32,
        }
    }

    /// Spans of the rows from `row`, clipped to a picture of `width` columns.
    ///
    /// They are a little wider than the support: which pixel belongs to it, `q` alone decides.
    #[inline(always)]
    pub(super) fn spans(&self, row: usize, width: usize, spans: &mut Spans) {
        let width = width as f64;
        let first_dy = row as f64 + 0.5 - self.mean_y;
        for i in 0..ROWS_AT_ONCE {
            let dy = first_dy + i as f64;
            let square = (self.half_width_squared - self.taper * dy * dy).max(0.0);
            let half_width = square.sqrt() * (1.0 + 1e-6) + 1e-3;
            let centre = self.mean_x - 0.5 + self.shear * dy;
            let start = (centre - half_width).ceil().max(0.0).min(width);
            let last = (centre + half_width).floor().max(-1.0).min(width - 1.0);
            spans.start[i] = small_integer(start);
            spans.length[i] = small_integer(last - start + 1.0);
            spans.u[i] = (start - centre) as f32;
            spans.offset[i] = (self.row_exponent * dy * dy) as f32;
            spans.dy[i] = dy as f32;
        }
    }
}

/// An integer below 2^31 in size, exactly; unlike a cast it needs no branches.
#[inline(always)]
fn small_integer(value: f64) -> i32 {
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    (value + ROUNDING).to_bits() as i32
}
