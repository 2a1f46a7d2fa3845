//! Gaussian blur of one plane.

use rayon::prelude::*;

use crate::image::Size;

/// Taps of a Gaussian window of standard deviation `sigma`, sum one, from `-radius` to `radius`.
pub(super) fn window(sigma: f32, radius: usize) -> Vec<f32> {
    let taps: Vec<f32> = (0..=2 * radius)
        .map(|tap| (-0.5 * ((tap as f32 - radius as f32) / sigma).powi(2)).exp())
        .collect();
    let sum: f32 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

/// Blurs a plane, shape `[H, W]`, by a Gaussian cut at 3 sigma; edge pixels are repeated outwards.
pub(super) fn blur(plane: &[f32], size: Size, sigma: f32) -> Vec<f32> {
    if size.pixels() == 0 {
        return Vec::new();
    }
    let radius = (3.0 * sigma).ceil() as usize;
    let taps = window(sigma, radius);
    let width = size.width;

    let mut rows = vec![0.0; plane.len()];
    rows.par_chunks_mut(width).zip(plane.par_chunks(width)).for_each_init(
        || vec![0.0; width + 2 * radius],
        |padded, (out, row)| {
            padded[..radius].fill(row[0]);
            padded[radius..radius + width].copy_from_slice(row);
            padded[radius + width..].fill(row[width - 1]);
            for (tap, weight) in taps.iter().enumerate() {
                add_scaled(out, &padded[tap..tap + width], *weight);
            }
        },
    );

    let mut blurred = vec![0.0; plane.len()];
    blurred.par_chunks_mut(width).enumerate().for_each(|(y, out)| {
        for (tap, weight) in taps.iter().enumerate() {
            let source = (y + tap).saturating_sub(radius).min(size.height - 1);
            add_scaled(out, &rows[source * width..(source + 1) * width], *weight);
        }
    });
    blurred
}

fn add_scaled(out: &mut [f32], row: &[f32], weight: f32) {
    for (sum, value) in out.iter_mut().zip(row) {
        *sum += weight * value;
    }
}
