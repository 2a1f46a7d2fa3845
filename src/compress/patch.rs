//! A piece of the residual, and one Gaussian against it.

use pulp::{Arch, Simd, WithSimd};

use super::splat::Splat;
use crate::gaussian_values::{Constants, EXPONENT_PER_Q, MAX_LANES};
use crate::gaussians::SUPPORT_Q;
use crate::image::Size;

/// Number of moments.
const MOMENTS: usize = 6;

/// Most colour channels.
const MAX_CHANNELS: usize = 4;

/// A box of pixels, half open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PixelBox {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Column behind the last.
    pub right: usize,
    /// Row below the last.
    pub bottom: usize,
}

impl PixelBox {
    /// Columns.
    pub fn width(&self) -> usize {
        self.right - self.left
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// Whether `other` lies inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }
}

/// What a Gaussian sees of a residual.
#[derive(Clone, Copy, Debug, Default)]
pub struct Response {
    /// `<g, residual>` of every channel.
    pub color: [f32; MAX_CHANNELS],
    /// `<g, g>`.
    pub mass: f32,
}

/// A copy of some pixels of all channels.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    bounds: PixelBox,
    stride: usize,
    channels: usize,
    values: Vec<f32>,
}

impl Patch {
    /// Takes the pixels of `bounds` from planes `[C, H, W]` of a picture `width` wide.
    pub fn take(&mut self, planes: &[f32], channels: usize, width: usize, bounds: PixelBox) {
        self.bounds = bounds;
        self.channels = channels;
        // Rows are padded, so that a vector may end behind them.
        self.stride = bounds.width() + MAX_LANES;
        self.values.clear();
        self.values.reserve(channels * bounds.height() * self.stride);
        let pixels = planes.len() / channels;
        for channel in 0..channels {
            for y in bounds.top..bounds.bottom {
                let from = channel * pixels + y * width;
                self.values.extend_from_slice(&planes[from + bounds.left..from + bounds.right]);
                self.values.extend_from_slice(&[0.0; MAX_LANES]);
            }
        }
    }

    /// Puts the pixels back into planes `[C, H, W]` of a picture of `size`.
    pub fn put(&self, planes: &mut [f32], size: Size) {
        let (width, height) = (self.bounds.width(), self.bounds.height());
        for channel in 0..self.channels {
            for y in 0..height {
                let from = (channel * height + y) * self.stride;
                let to = (channel * size.height + self.bounds.top + y) * size.width;
                let row = &mut planes[to + self.bounds.left..][..width];
                row.copy_from_slice(&self.values[from..from + width]);
            }
        }
    }

    /// Half the sum of the squares of all pixels.
    #[cfg(test)]
    pub fn half_square(&self) -> f32 {
        0.5 * self.values.iter().map(|v| v * v).sum::<f32>()
    }

    /// The pixels that it covers.
    pub fn bounds(&self) -> PixelBox {
        self.bounds
    }

    /// What a Gaussian, whose support lies inside, sees.
    pub fn probe(&self, arch: Arch, splat: &Splat) -> Response {
        match self.channels {
            1 => arch.dispatch(Probe::<1> { patch: self, splat }),
            3 => arch.dispatch(Probe::<3> { patch: self, splat }),
            _ => arch.dispatch(Probe::<4> { patch: self, splat }),
        }
    }

    /// Moments of a Gaussian of this colour against the patch: with `h` the scalar product of
    /// colour and pixel, the sums of `g h` times 1, dx, dy, dx^2, dx dy and dy^2.
    pub fn moments(&self, arch: Arch, splat: &Splat, color: [f32; MAX_CHANNELS]) -> [f32; MOMENTS] {
        match self.channels {
            1 => arch.dispatch(Pull::<1> { patch: self, splat, color }),
            3 => arch.dispatch(Pull::<3> { patch: self, splat, color }),
            _ => arch.dispatch(Pull::<4> { patch: self, splat, color }),
        }
    }

    /// Adds a Gaussian of this colour.
    pub fn add(&mut self, arch: Arch, splat: &Splat, color: [f32; MAX_CHANNELS]) {
        match self.channels {
            1 => arch.dispatch(Add::<1> { patch: self, splat, color }),
            3 => arch.dispatch(Add::<3> { patch: self, splat, color }),
            _ => arch.dispatch(Add::<4> { patch: self, splat, color }),
        }
    }
}

/// What is done with a vector of pixels. A trait and no closure, for closures are not inlined into
/// code for wider vectors.
trait Visit<S: Simd> {
    fn visit(&mut self, simd: S, pixels: Pixels<S>);
}

/// A vector of pixels, and a Gaussian there.
#[derive(Clone, Copy)]
struct Pixels<S: Simd> {
    /// Where the first is in the first plane.
    place: usize,
    /// The Gaussian's values.
    g: S::f32s,
    /// Distance from the Gaussian's centre, in pixels.
    dx: S::f32s,
    dy: S::f32s,
}

/// Visits every vector of pixels that the support touches.
#[inline(always)]
fn for_each_vector<S: Simd>(
    simd: S,
    bounds: PixelBox,
    stride: usize,
    splat: &Splat,
    visitor: &mut impl Visit<S>,
) {
    let constants = Constants::new(simd);
    let exponent = EXPONENT_PER_Q as f32;
    let [a, b, c] = splat.conic;
    let mean = [splat.mean_px[0] - bounds.left as f32, splat.mean_px[1] - bounds.top as f32];
    let inverse = 1.0 / a;
    let (lean, rest) = (b * inverse, c - b * b * inverse);
    let curvature = simd.splat_f32s(exponent * a);
    let nothing = simd.splat_f32s(0.0);
    let last_column = bounds.width() as f32 - 1.0;
    let reach = splat.reach_px[1];
    let first = (mean[1] - reach - 0.5).ceil().max(0.0) as usize;
    let last = ((mean[1] + reach - 0.5).floor() + 1.0).max(0.0) as usize;
    for y in first..last.min(bounds.height()) {
        let dy = y as f32 + 0.5 - mean[1];
        let least = rest * dy * dy;
        let half = ((SUPPORT_Q - least).max(0.0) * inverse).sqrt();
        let center = mean[0] - lean * dy - 0.5;
        let start = (center - half).ceil().max(0.0) as usize;
        let end = (((center + half).floor() + 1.0).max(0.0) as usize).min(bounds.width());
        // What hangs over the box is no pixel.
        let most = simd.splat_f32s(last_column - center);
        let offset = simd.splat_f32s(exponent * least);
        let (shear, dy) = (simd.splat_f32s(-lean * dy), simd.splat_f32s(dy));
        let mut u = simd.add_f32s(simd.splat_f32s(start as f32 - center), constants.iota);
        let mut x = start;
        while x < end {
            let g = constants.gaussian(simd, u, curvature, offset);
            let g = simd.select_f32s(simd.less_than_or_equal_f32s(u, most), g, nothing);
            let dx = simd.add_f32s(u, shear);
            visitor.visit(simd, Pixels { place: y * stride + x, g, dx, dy });
            u = simd.add_f32s(u, constants.step);
            x += S::F32_LANES;
        }
    }
}

struct Probe<'a, const C: usize> {
    patch: &'a Patch,
    splat: &'a Splat,
}

impl<const C: usize> WithSimd for Probe<'_, C> {
    type Output = Response;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Response {
        let Patch { bounds, stride, ref values, .. } = *self.patch;
        let plane = stride * bounds.height();
        let zero = simd.splat_f32s(0.0);
        let mut sums = Sums::<S, C> { values, plane, sums: [zero; C], mass: zero };
        for_each_vector(simd, bounds, stride, self.splat, &mut sums);
        let mass = simd.reduce_sum_f32s(sums.mass);
        let mut response = Response { mass, ..Response::default() };
        for (total, sums) in response.color.iter_mut().zip(sums.sums) {
            *total = simd.reduce_sum_f32s(sums);
        }
        response
    }
}

struct Sums<'a, S: Simd, const C: usize> {
    values: &'a [f32],
    plane: usize,
    sums: [S::f32s; C],
    mass: S::f32s,
}

impl<S: Simd, const C: usize> Visit<S> for Sums<'_, S, C> {
    #[inline(always)]
    fn visit(&mut self, simd: S, Pixels { place, g, .. }: Pixels<S>) {
        for (channel, sum) in self.sums.iter_mut().enumerate() {
            let pixels = &self.values[channel * self.plane + place..][..S::F32_LANES];
            *sum = simd.mul_add_e_f32s(g, S::as_simd_f32s(pixels).0[0], *sum);
        }
        self.mass = simd.mul_add_e_f32s(g, g, self.mass);
    }
}

struct Pull<'a, const C: usize> {
    patch: &'a Patch,
    splat: &'a Splat,
    color: [f32; MAX_CHANNELS],
}

impl<const C: usize> WithSimd for Pull<'_, C> {
    type Output = [f32; MOMENTS];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f32; MOMENTS] {
        let Patch { bounds, stride, ref values, .. } = *self.patch;
        let plane = stride * bounds.height();
        let color = std::array::from_fn(|channel| simd.splat_f32s(self.color[channel]));
        let sums = [simd.splat_f32s(0.0); MOMENTS];
        let mut moments = Moments::<S, C> { values, plane, color, sums };
        for_each_vector(simd, bounds, stride, self.splat, &mut moments);
        moments.sums.map(|sum| simd.reduce_sum_f32s(sum))
    }
}

struct Moments<'a, S: Simd, const C: usize> {
    values: &'a [f32],
    plane: usize,
    color: [S::f32s; C],
    sums: [S::f32s; MOMENTS],
}

impl<S: Simd, const C: usize> Visit<S> for Moments<'_, S, C> {
    #[inline(always)]
    fn visit(&mut self, simd: S, Pixels { place, g, dx, dy }: Pixels<S>) {
        let mut h = simd.splat_f32s(0.0);
        for (channel, color) in self.color.into_iter().enumerate() {
            let pixels = &self.values[channel * self.plane + place..][..S::F32_LANES];
            h = simd.mul_add_e_f32s(color, S::as_simd_f32s(pixels).0[0], h);
        }
        let h = simd.mul_f32s(g, h);
        let (x, y) = (simd.mul_f32s(h, dx), simd.mul_f32s(h, dy));
        let [one, sum_x, sum_y, xx, xy, yy] = &mut self.sums;
        *one = simd.add_f32s(*one, h);
        *sum_x = simd.add_f32s(*sum_x, x);
        *sum_y = simd.add_f32s(*sum_y, y);
        *xx = simd.mul_add_e_f32s(x, dx, *xx);
        *xy = simd.mul_add_e_f32s(x, dy, *xy);
        *yy = simd.mul_add_e_f32s(y, dy, *yy);
    }
}

struct Add<'a, const C: usize> {
    patch: &'a mut Patch,
    splat: &'a Splat,
    color: [f32; MAX_CHANNELS],
}

impl<const C: usize> WithSimd for Add<'_, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Patch { bounds, stride, ref mut values, .. } = *self.patch;
        let plane = stride * bounds.height();
        let color = std::array::from_fn(|channel| simd.splat_f32s(self.color[channel]));
        let mut canvas = Canvas::<S, C> { values, plane, color };
        for_each_vector(simd, bounds, stride, self.splat, &mut canvas);
    }
}

struct Canvas<'a, S: Simd, const C: usize> {
    values: &'a mut [f32],
    plane: usize,
    color: [S::f32s; C],
}

impl<S: Simd, const C: usize> Visit<S> for Canvas<'_, S, C> {
    #[inline(always)]
    fn visit(&mut self, simd: S, Pixels { place, g, .. }: Pixels<S>) {
        for (channel, color) in self.color.into_iter().enumerate() {
            let pixels = &mut self.values[channel * self.plane + place..][..S::F32_LANES];
            let pixels = &mut S::as_mut_simd_f32s(pixels).0[0];
            *pixels = simd.mul_add_e_f32s(color, g, *pixels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_go_back_where_they_were_taken() {
        let size = Size::new(50, 80);
        let pixels = size.pixels();
        let planes: Vec<f32> = (0..3 * pixels).map(|v| v as f32).collect();
        let boxes = [
            PixelBox { left: 0, top: 0, right: 50, bottom: 3 },
            PixelBox { left: 7, top: 20, right: 30, bottom: 61 },
            PixelBox { left: 41, top: size.height - 9, right: 50, bottom: size.height },
        ];
        let patches = boxes.map(|bounds| {
            let mut patch = Patch::default();
            patch.take(&planes, 3, size.width, bounds);
            patch
        });
        let mut put = vec![-1.0; planes.len()];
        patches.iter().for_each(|patch| patch.put(&mut put, size));
        for (place, value) in put.iter().enumerate() {
            let (x, y) = (place % pixels % size.width, place % pixels / size.width);
            let inside =
                |b: &PixelBox| (b.left..b.right).contains(&x) && (b.top..b.bottom).contains(&y);
            let expected = if boxes.iter().any(inside) { planes[place] } else { -1.0 };
            assert_eq!(*value, expected, "{x}, {y}");
        }
    }
}
