//! What a backend draws: Gaussians reduced to centre, conic, reach and colour.

use rayon::prelude::*;

use crate::gaussians::{Gaussians, SUPPORT_Q};
use crate::image::Region;

/// Number of geometric moments of a Gaussian, see [`Splats::moments_per_splat`].
pub const GEOMETRY_MOMENTS: usize = 5;

/// Gaussians in the form that the kernels read, structure of arrays.
///
/// A splat is `g = exp(-q/2)` with `q = a dx^2 + 2 b dx dy + c dy^2`, `d` = pixel centre - mean,
/// where `q <= SUPPORT_Q`, and nothing elsewhere.
///
/// # Moments and tangents
/// Gradients and tangents of a splat are `C + 5` numbers in this order. With `G` the gradient
/// image and `h = sum_c G_c color_c`, [`crate::backend::Backend::vjp`] gives the moments
///
/// `sum g G_c` (C values), `sum g h dx`, `sum g h dy`, `sum g h dx^2`, `sum g h dx dy`,
/// `sum g h dy^2`,
///
/// and [`crate::backend::Backend::jvp`] takes the adjoint: from `(t_c, t_x, t_y, t_xx, t_xy, t_yy)`
///
/// `dI_c = g (t_c + color_c (t_x dx + t_y dy + t_xx dx^2 + t_xy dx dy + t_yy dy^2))`.
///
/// [`crate::covariance`] turns them into gradients and tangents of the parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splats {
    /// Colour channels, C.
    pub channels: usize,
    /// Centres in pixels, `[N]`.
    pub mean_px: Vec<[f32; 2]>,
    /// Inverse covariances `[a, b, c]` in 1/px^2, `[N]`.
    pub conic: Vec<[f32; 3]>,
    /// Half width and half height of the support's bounding box in pixels, `[N]`.
    pub reach_px: Vec<[f32; 2]>,
    /// Colours, `[N, C]`.
    pub color: Vec<f32>,
}

impl Splats {
    /// The splats of `gaussians`, same order.
    pub fn new(gaussians: &Gaussians) -> Self {
        let mut splats = Self::default();
        splats.set(gaussians, None);
        splats
    }

    /// Refills from `gaussians`, keeping the allocations. With `coverage`, every splat gets that
    /// value as one more channel after its colours.
    pub fn set(&mut self, gaussians: &Gaussians, coverage: Option<f32>) {
        self.mean_px.clear();
        self.mean_px.extend_from_slice(&gaussians.mean_px);
        gaussians.factor_px.par_iter().map(|l| conic(*l)).collect_into_vec(&mut self.conic);
        gaussians.factor_px.par_iter().map(|l| reach_px(*l)).collect_into_vec(&mut self.reach_px);
        self.color.clear();
        match coverage {
            None => {
                self.channels = gaussians.channels();
                self.color.extend_from_slice(&gaussians.color);
            }
            Some(value) => {
                self.channels = gaussians.channels() + 1;
                for color in gaussians.color.chunks_exact(gaussians.channels()) {
                    self.color.extend_from_slice(color);
                    self.color.push(value);
                }
            }
        }
    }

    /// The splats that reach `region`, in pixels of the region, and their indices. Which pixels
    /// belong to their supports the backend decides.
    pub fn within(&self, region: &Region) -> (Vec<usize>, Self) {
        let corner = [region.left, region.top];
        let size = [region.size.width, region.size.height].map(|side| side as f32);
        let shifted = |mean: [f32; 2]| -> [f32; 2] {
            std::array::from_fn(|axis| mean[axis] - corner[axis] as f32)
        };
        let reaches = |index: &usize| {
            let (mean, reach) = (shifted(self.mean_px[*index]), self.reach_px[*index]);
            let inside = |axis: usize| {
                let reach = 1.001 * reach[axis] + 1.0;
                mean[axis] + reach >= 0.0 && mean[axis] - reach <= size[axis]
            };
            inside(0) && inside(1)
        };
        let rows: Vec<usize> = (0..self.len()).filter(reaches).collect();
        let splats = Self {
            channels: self.channels,
            mean_px: rows.iter().map(|row| shifted(self.mean_px[*row])).collect(),
            conic: rows.iter().map(|row| self.conic[*row]).collect(),
            reach_px: rows.iter().map(|row| self.reach_px[*row]).collect(),
            color: rows.iter().flat_map(|row| self.color_of(*row)).copied().collect(),
        };
        (rows, splats)
    }

    /// Number of splats, N.
    pub fn len(&self) -> usize {
        self.mean_px.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mean_px.is_empty()
    }

    /// Numbers per splat in moments and tangents: C colours and five of geometry.
    pub fn moments_per_splat(&self) -> usize {
        self.channels + GEOMETRY_MOMENTS
    }

    /// Colour of one splat, `[C]`.
    pub fn color_of(&self, index: usize) -> &[f32] {
        &self.color[index * self.channels..(index + 1) * self.channels]
    }
}

/// Inverse of `L L^T`, in float64 inside: thin Gaussians cancel badly.
fn conic(factor: [f32; 4]) -> [f32; 3] {
    let [l00, l01, l10, l11] = factor.map(f64::from);
    let determinant = l00 * l11 - l01 * l10;
    let [i00, i01, i10, i11] = [l11, -l01, -l10, l00].map(|v| v / determinant);
    [i00 * i00 + i10 * i10, i00 * i01 + i10 * i11, i01 * i01 + i11 * i11].map(|v| v as f32)
}

fn reach_px(factor: [f32; 4]) -> [f32; 2] {
    let [l00, l01, l10, l11] = factor.map(f64::from);
    [l00.hypot(l01), l10.hypot(l11)].map(|sigma| (sigma * f64::from(SUPPORT_Q).sqrt()) as f32)
}
