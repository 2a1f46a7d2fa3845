//! A piece of the residual, and one Gaussian against it.

use pulp::Arch;

use super::splat::Splat;
use crate::gaussians::SUPPORT_Q;

/// Pixels worked on at once. Rows are padded, so that a group may end behind them.
const LANES: usize = 8;

/// Most colour channels.
const MAX_CHANNELS: usize = 4;

/// Factor from `q` to the exponent of two: `exp(-q/2) = 2^(EXPONENT_PER_Q q)`.
const EXPONENT_PER_Q: f32 = -0.5 * std::f32::consts::LOG2_E;

/// 1.5 * 2^23: adding it rounds a small number to an integer, which the low bits then hold.
const ROUNDING: f32 = 12_582_912.0;

/// Coefficients of `2^f` on `[-1/2, 1/2]`, highest power first.
const POWER_OF_TWO: [f32; 5] =
    [1.330_060_8e-3, 9.669_692e-3, 5.550_558_5e-2, 2.402_228_3e-1, std::f32::consts::LN_2];

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

    /// The smallest box around both.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
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
        self.stride = bounds.width() + LANES;
        self.values.clear();
        let pixels = planes.len() / channels;
        for channel in 0..channels {
            for y in bounds.top..bounds.bottom {
                let from = channel * pixels + y * width;
                self.values.extend_from_slice(&planes[from + bounds.left..from + bounds.right]);
                self.values.extend_from_slice(&[0.0; LANES]);
            }
        }
    }

    /// Puts the pixels back.
    pub fn put(&self, planes: &mut [f32], width: usize) {
        let pixels = planes.len() / self.channels;
        let rows = self.values.chunks_exact(self.stride);
        for (index, row) in rows.enumerate() {
            let (channel, y) = (index / self.bounds.height(), index % self.bounds.height());
            let to = channel * pixels + (self.bounds.top + y) * width;
            planes[to + self.bounds.left..to + self.bounds.right]
                .copy_from_slice(&row[..self.bounds.width()]);
        }
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

    /// Adds a Gaussian of this colour.
    pub fn add(&mut self, arch: Arch, splat: &Splat, color: [f32; MAX_CHANNELS]) {
        match self.channels {
            1 => arch.dispatch(Add::<1> { patch: self, splat, color }),
            3 => arch.dispatch(Add::<3> { patch: self, splat, color }),
            _ => arch.dispatch(Add::<4> { patch: self, splat, color }),
        }
    }
}

/// Calls `each` with every group of pixels that the support touches: place in the first plane,
/// and the Gaussian's values.
#[inline(always)]
fn for_each_group(
    bounds: PixelBox,
    stride: usize,
    splat: &Splat,
    mut each: impl FnMut(usize, &[f32; LANES]),
) {
    let [a, b, c] = splat.conic;
    let mean = [splat.mean_px[0] - bounds.left as f32, splat.mean_px[1] - bounds.top as f32];
    let (lean, rest) = (b / a, c - b * b / a);
    let curvature = EXPONENT_PER_Q * a;
    let reach = splat.reach_px[1];
    let first = (mean[1] - reach - 0.5).ceil().max(0.0) as usize;
    let last = ((mean[1] + reach - 0.5).floor() + 1.0).max(0.0) as usize;
    for y in first..last.min(bounds.height()) {
        let dy = y as f32 + 0.5 - mean[1];
        let least = rest * dy * dy;
        let half = ((SUPPORT_Q - least).max(0.0) / a).sqrt();
        let center = mean[0] - lean * dy - 0.5;
        let start = (center - half).ceil().max(0.0) as usize;
        let end = (((center + half).floor() + 1.0).max(0.0) as usize).min(bounds.width());
        let mut x = start;
        while x < end {
            let first = x as f32 - center;
            let mut values = [0.0; LANES];
            for (lane, value) in values.iter_mut().enumerate() {
                let u = first + lane as f32;
                let exponent = curvature * u * u + EXPONENT_PER_Q * least;
                let rounded = exponent + ROUNDING;
                let f = exponent - (rounded - ROUNDING);
                let [c5, c4, c3, c2, c1] = POWER_OF_TWO;
                let power = ((((c5 * f + c4) * f + c3) * f + c2) * f + c1) * f + 1.0;
                let scaled =
                    f32::from_bits(power.to_bits().wrapping_add(rounded.to_bits() << 23));
                *value = if exponent >= EXPONENT_PER_Q * SUPPORT_Q { scaled } else { 0.0 };
            }
            each(y * stride + x, &values);
            x += LANES;
        }
    }
}

struct Probe<'a, const C: usize> {
    patch: &'a Patch,
    splat: &'a Splat,
}

impl<const C: usize> pulp::NullaryFnOnce for Probe<'_, C> {
    type Output = Response;

    #[inline(always)]
    fn call(self) -> Response {
        let Patch { bounds, stride, ref values, .. } = *self.patch;
        let plane = stride * bounds.height();
        let mut sums = [[0.0_f32; LANES]; C];
        let mut mass = [0.0_f32; LANES];
        for_each_group(bounds, stride, self.splat, |place, g| {
            for (channel, sums) in sums.iter_mut().enumerate() {
                let pixels = &values[channel * plane + place..][..LANES];
                for lane in 0..LANES {
                    sums[lane] += g[lane] * pixels[lane];
                }
            }
            // What hangs over the box is no pixel.
            let over = (place % stride + LANES).saturating_sub(bounds.width());
            for lane in 0..LANES - over.min(LANES) {
                mass[lane] += g[lane] * g[lane];
            }
        });
        let mut response = Response { mass: mass.iter().sum(), ..Response::default() };
        for (total, sums) in response.color.iter_mut().zip(&sums) {
            *total = sums.iter().sum();
        }
        response
    }
}

struct Add<'a, const C: usize> {
    patch: &'a mut Patch,
    splat: &'a Splat,
    color: [f32; MAX_CHANNELS],
}

impl<const C: usize> pulp::NullaryFnOnce for Add<'_, C> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Patch { bounds, stride, ref mut values, .. } = *self.patch;
        let plane = stride * bounds.height();
        for_each_group(bounds, stride, self.splat, |place, g| {
            let over = (place % stride + LANES).saturating_sub(bounds.width());
            for channel in 0..C {
                let pixels = &mut values[channel * plane + place..][..LANES - over.min(LANES)];
                for (pixel, g) in pixels.iter_mut().zip(g) {
                    *pixel += self.color[channel] * g;
                }
            }
        });
    }
}
