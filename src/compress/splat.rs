//! One quantised Gaussian in floats, as the search draws it.

use super::patch::PixelBox;
use crate::codec::coded::Coded;
use crate::codec::coded::atom::{Atom, FACTOR_BITS, MAX_COMPONENTS, POSITION_BITS};
use crate::gaussians::SUPPORT_Q;
use crate::image::Size;

/// Centre, conic and reach of a Gaussian, and what one step of its colour is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Splat {
    /// Centre in pixels.
    pub mean_px: [f32; 2],
    /// Inverse covariance `[a, b, c]` in 1/px^2.
    pub conic: [f32; 3],
    /// Half width and half height of its support in pixels.
    pub reach_px: [f32; 2],
    /// Colour of a step of one, in the orthonormal basis.
    pub amplitude: f32,
}

impl Splat {
    /// The splat of an atom at a colour step, see [`Coded::step_log`].
    pub fn new(step: u8, atom: &Atom) -> Self {
        let (shape, position) = atom.shape_and_position();
        let scale = |bits: u32| 1.0 / (1_u64 << bits) as f64;
        let mean = position.map(|v| (v as f64 * scale(POSITION_BITS)) as f32);
        let [l00, l01, l10, l11] = shape.factor().map(|v| v as f64 * scale(FACTOR_BITS));
        let determinant = l00 * l11 - l01 * l10;
        let [i00, i01, i10, i11] = [l11, -l01, -l10, l00].map(|v| v / determinant);
        let conic = [i00 * i00 + i10 * i10, i00 * i01 + i10 * i11, i01 * i01 + i11 * i11];
        let reach =
            [l00.hypot(l01), l10.hypot(l11)].map(|s| (s * f64::from(SUPPORT_Q).sqrt()) as f32);
        Self {
            mean_px: mean,
            conic: conic.map(|v| v as f32),
            reach_px: reach,
            amplitude: Coded::amplitude(step, &shape),
        }
    }

    /// Its colour in the orthonormal basis.
    pub fn color(&self, atom: &Atom) -> [f32; MAX_COMPONENTS] {
        atom.color.map(|k| k as f32 * self.amplitude)
    }

    /// The pixels that its support may touch; nothing if there are none.
    pub fn bounds(&self, size: Size) -> Option<PixelBox> {
        self.bounds_around(size, 1.0, 0.0)
    }

    /// The same for all that are larger by at most a factor, and moved by at most `by_px`.
    pub fn bounds_around(&self, size: Size, factor: f32, by_px: f32) -> Option<PixelBox> {
        let range = |axis: usize, side: usize| {
            let reach = factor * self.reach_px[axis] + by_px;
            let from = (self.mean_px[axis] - reach - 0.5).max(0.0) as usize;
            let to = (self.mean_px[axis] + reach + 1.5).max(0.0) as usize;
            (from, to.min(side))
        };
        let ((left, right), (top, bottom)) = (range(0, size.width), range(1, size.height));
        (left < right && top < bottom).then_some(PixelBox { left, top, right, bottom })
    }
}
