//! How much a file may make its reader do.

use crate::error::{Error, Result};
use crate::gaussians::{Gaussians, SUPPORT_Q};
use crate::image::Size;

/// Bounds on reading an `.lgi` file, checked before memory is taken or anything is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Most pixels of the picture, width times height. Default: 2^27, 134 million.
    pub max_pixels: u64,
    /// Most Gaussians. Default: 2^24, 16.8 million.
    pub max_gaussians: u64,
    /// Most Gaussians of a coded file whose centres lie within the same 8x8 pixels, in a layer.
    /// Default: 4096.
    pub max_per_leaf: u64,
    /// Most pairs of a pixel and a Gaussian that reaches it, at the picture's own size: the work
    /// of drawing. Default: 2^34, seconds on a CPU and some 500 per pixel of an 8K picture.
    pub max_pairs: u64,
    /// Most bytes of the file. Default: 1 GiB.
    pub max_file_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            max_pixels: 1 << 27,
            max_gaussians: 1 << 24,
            max_per_leaf: 1 << 12,
            max_pairs: 1 << 34,
            max_file_bytes: 1 << 30,
        }
    }
}

impl ReadLimits {
    pub(super) fn check_file(&self, bytes: &[u8]) -> Result<()> {
        check(
            "bytes in the file (raise max-file-bytes to allow more)",
            bytes.len() as u64,
            self.max_file_bytes,
        )
    }

    pub(super) fn check_size(&self, size: Size) -> Result<()> {
        let pixels = size.width as u64 * size.height as u64;
        check("pixels in the picture (raise max-pixels to allow more)", pixels, self.max_pixels)
    }

    pub(super) fn check_count(&self, count: u64) -> Result<()> {
        check("Gaussians (raise max-gaussians to allow more)", count, self.max_gaussians)
    }

    /// Checks the work of drawing at a size.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn check_pairs(&self, gaussians: &Gaussians, size: Size) -> Result<()> {
        let pairs = pairs(gaussians, size);
        check("pixel-Gaussian pairs (raise max-pairs to allow more)", pairs, self.max_pairs)
    }
}

fn check(what: &'static str, value: u64, limit: u64) -> Result<()> {
    if value > limit { Err(Error::Limit { what, value, limit }) } else { Ok(()) }
}

/// About how many pairs of a pixel and a Gaussian that reaches it there are, and never far fewer
/// than there are: the smaller of a support's area and its bounding box inside the picture.
fn pairs(gaussians: &Gaussians, size: Size) -> u64 {
    let support = f64::from(SUPPORT_Q);
    let (width, height) = (size.width as f64, size.height as f64);
    let overlap = |center: f32, reach: f64, side: f64| {
        let center = f64::from(center);
        // One more: even the thinnest box may hold a row of pixel centres.
        (center + reach).min(side) - (center - reach).max(0.0) + 1.0
    };
    let mut total = 0.0;
    for (mean, factor) in gaussians.mean_px.iter().zip(&gaussians.factor_px) {
        let [l00, l01, l10, l11] = factor.map(f64::from);
        let reach = [l00.hypot(l01), l10.hypot(l11)].map(|sigma| sigma * support.sqrt());
        let columns = overlap(mean[0], reach[0], width);
        let rows = overlap(mean[1], reach[1], height);
        if columns <= 1.0 || rows <= 1.0 {
            continue;
        }
        // Its area, and a pixel along its outline.
        let area = std::f64::consts::PI * (support * (l00 * l11 - l01 * l10).abs());
        let outline = 4.0 * (reach[0] + reach[1]);
        total += (columns * rows).min(area + outline + 1.0);
    }
    total as u64
}
