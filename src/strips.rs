//! Pictures drawn strip by strip: memory for a few rows, however high the picture is.

use crate::backend::Backend;
use crate::blend::Blend;
use crate::crop::crop;
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::{Image, Region, Samples, Size};
use crate::renderer::Renderer;

/// Rows of a strip: enough for several threads, and few enough to stay in the caches.
const ROWS: usize = 128;

/// Draws `gaussians` as a picture of `size`, and hands it over from the top in strips of its whole
/// width, shape `[C, rows, W]`.
///
/// # Errors
/// Those of the backend and of `take`.
pub fn draw_in_strips(
    backend: &mut dyn Backend,
    gaussians: &Gaussians,
    blend: Blend,
    size: Size,
    mut take: impl FnMut(&Image) -> Result<()>,
) -> Result<()> {
    for top in (0..size.height).step_by(ROWS) {
        let strip = Size::new(size.width, ROWS.min(size.height - top));
        let mut renderer = Renderer::new(backend, blend, strip);
        renderer.set(&crop(gaussians, &Region { left: 0, top, size: strip }));
        take(&renderer.render()?)?;
    }
    Ok(())
}

/// Draws `gaussians` as a picture of `size` with samples of 8 or 16 bits: of all values between, only
/// those of a strip are in memory.
///
/// # Errors
/// Those of the backend and of [`Samples::empty`].
pub fn draw_samples(
    backend: &mut dyn Backend,
    gaussians: &Gaussians,
    blend: Blend,
    size: Size,
    bit_depth: u8,
) -> Result<Samples> {
    let mut samples = Samples::empty(size, gaussians.channels(), bit_depth)?;
    draw_in_strips(backend, gaussians, blend, size, |strip| samples.push_rows(strip))?;
    Ok(samples)
}
