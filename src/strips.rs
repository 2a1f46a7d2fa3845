//! Pictures drawn strip by strip: memory for a few rows, however high the picture is.

use crate::backend::Backend;
use crate::blend::Blend;
use crate::crop::reach_px;
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::{Image, Size};
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
    let spans: Vec<[f64; 2]> = (0..gaussians.len())
        .map(|index| {
            let middle = f64::from(gaussians.mean_px[index][1]);
            let [_, reach] = reach_px(gaussians.factor_px[index]);
            [middle - reach, middle + reach]
        })
        .collect();
    for top in (0..size.height).step_by(ROWS) {
        let rows = ROWS.min(size.height - top);
        let [from, to] = [top, top + rows].map(|row| row as f64);
        let mut inside = Gaussians::empty(gaussians.channels());
        for (index, [first, last]) in spans.iter().enumerate() {
            if *first <= to && *last >= from {
                let [x, y] = gaussians.mean_px[index];
                let mean = [x, (f64::from(y) - from) as f32];
                inside.push(mean, gaussians.factor_px[index], gaussians.color_of(index));
            }
        }
        let mut renderer = Renderer::new(backend, blend, Size::new(size.width, rows));
        renderer.set(&inside);
        take(&renderer.render()?)?;
    }
    Ok(())
}
