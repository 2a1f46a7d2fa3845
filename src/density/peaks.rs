//! Where one more Gaussian would help most: peaks of the residual over many scales.

use std::borrow::Cow;

use rayon::prelude::*;

use super::territory::Territory;
use crate::gaussians::SUPPORT_Q;
use crate::image::{Image, Size};

/// Standard deviations looked for at full resolution, in pixels.
const FINE_SIGMAS_PX: [f32; 3] = [0.8, 1.2, 1.8];

/// Standard deviations looked for at each halved resolution, in pixels of that level.
const COARSE_SIGMAS_PX: [f32; 2] = [1.35, 2.0];

/// Smallest side of a level that is halved again.
const SMALLEST_SIDE: usize = 4;

/// Maxima looked at first for each peak wanted; nearly always enough.
const LIKELY: usize = 6;

/// A round Gaussian that would lower the squared error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// How much it would lower half the sum of squared differences, about.
    pub gain: f32,
    /// Its centre in pixels.
    pub mean_px: [f32; 2],
    /// Its standard deviation in pixels.
    pub sigma_px: f32,
}

/// Up to `count` peaks of `residual` (drawn minus wanted, `[C, H, W]`), best first.
///
/// A Gaussian `g` of standard deviation `s` with the best colour lowers half the squared error
/// by `|b|^2 / (2 pi s^2)`, `b_c = <g, residual_c>`: matching pursuit (Mallat & Zhang 1993) over
/// a ladder of scales up to `largest_sigma_px`. Maxima of that gain over place and scale are
/// taken greedily; each keeps others at 1.5 of its standard deviations.
pub fn find(residual: &Image, count: usize, largest_sigma_px: f32) -> Vec<Peak> {
    let size = residual.size();
    if size.pixels() == 0 || count == 0 {
        return Vec::new();
    }
    let mut peaks: Vec<Peak> = Vec::new();
    let mut level = Cow::Borrowed(residual);
    let mut scale = 1.0;
    loop {
        let sigmas: &[f32] = if scale == 1.0 { &FINE_SIGMAS_PX } else { &COARSE_SIGMAS_PX };
        maxima(&level, sigmas, scale, &mut peaks);
        scale *= 2.0;
        let side = level.size().width.min(level.size().height);
        if COARSE_SIGMAS_PX[0] * scale > largest_sigma_px.max(1.5 * FINE_SIGMAS_PX[2])
            || side < SMALLEST_SIDE
        {
            break;
        }
        level = Cow::Owned(level.halved());
    }
    // Most maxima are far too faint to be taken: they are not worth sorting.
    let enough = count.saturating_mul(LIKELY);
    if enough < peaks.len() {
        peaks.select_nth_unstable_by(enough, order);
        let (best, rest) = peaks.split_at_mut(enough);
        best.sort_unstable_by(order);
        let found = apart(best, count, size);
        if found.len() == count {
            return found;
        }
        rest.sort_unstable_by(order);
    } else {
        peaks.sort_unstable_by(order);
    }
    apart(&peaks, count, size)
}

/// Best first; ties go by place, so that the order never depends on the sort.
fn order(a: &Peak, b: &Peak) -> std::cmp::Ordering {
    let place = |peak: &Peak| [peak.mean_px[1], peak.mean_px[0], peak.sigma_px];
    let places = place(a).into_iter().zip(place(b)).map(|(a, b)| a.total_cmp(&b));
    places.fold(b.gain.total_cmp(&a.gain), std::cmp::Ordering::then)
}

/// Local maxima of the best gain over `sigmas` at one level, whose pixels are `scale` wide.
fn maxima(level: &Image, sigmas: &[f32], scale: f32, peaks: &mut Vec<Peak>) {
    let Size { width, height } = level.size();
    let windows: Vec<Vec<f32>> = sigmas.iter().map(|sigma| window(*sigma)).collect();
    let mut gains = vec![0.0_f32; width * height];
    let mut best = vec![0_u8; width * height];
    gains.par_chunks_mut(width).zip(best.par_chunks_mut(width)).enumerate().for_each_init(
        || (vec![0.0_f32; width], vec![0.0_f32; width], vec![0.0_f32; width]),
        |(column, response, energy), (y, (gains, best))| {
            for (index, window) in windows.iter().enumerate() {
                energy.fill(0.0);
                for channel in 0..level.channels() {
                    respond(level, channel, y, window, column, response);
                    for (energy, response) in energy.iter_mut().zip(response.iter()) {
                        *energy += response * response;
                    }
                }
                // Sums over a level's pixels stand for `scale^2` of the picture's own each, and
                // the Gaussian's mass is pi sigma^2 of the picture's pixels.
                let mass = std::f32::consts::PI * sigmas[index] * sigmas[index];
                let factor = 0.5 * scale * scale / mass;
                for ((gain, best), energy) in gains.iter_mut().zip(&mut *best).zip(energy.iter()) {
                    let candidate = factor * energy;
                    if candidate > *gain {
                        (*gain, *best) = (candidate, index as u8);
                    }
                }
            }
        },
    );
    let found: Vec<Vec<Peak>> = (0..height)
        .into_par_iter()
        .map(|y| {
            let mut row = Vec::new();
            for x in 0..width {
                let gain = gains[y * width + x];
                if gain > 0.0 && is_maximum(&gains, width, height, x, y) {
                    row.push(Peak {
                        gain,
                        mean_px: [(x as f32 + 0.5) * scale, (y as f32 + 0.5) * scale],
                        sigma_px: sigmas[usize::from(best[y * width + x])] * scale,
                    });
                }
            }
            row
        })
        .collect();
    peaks.extend(found.into_iter().flatten());
}

fn is_maximum(gains: &[f32], width: usize, height: usize, x: usize, y: usize) -> bool {
    let gain = gains[y * width + x];
    (y.saturating_sub(1)..(y + 2).min(height)).all(|y| {
        let row = &gains[y * width..][x.saturating_sub(1)..(x + 2).min(width)];
        row.iter().all(|other| *other <= gain)
    })
}

/// One row of the convolution of a channel with a separable window, zeros outside the picture.
fn respond(
    level: &Image,
    channel: usize,
    y: usize,
    window: &[f32],
    column: &mut [f32],
    response: &mut [f32],
) {
    let (radius, Size { width, height }) = (window.len() / 2, level.size());
    column.fill(0.0);
    for (tap, weight) in window.iter().enumerate() {
        let Some(row) = (y + tap).checked_sub(radius).filter(|row| *row < height) else {
            continue;
        };
        for (sum, value) in column.iter_mut().zip(&level.plane(channel)[row * width..][..width]) {
            *sum += weight * value;
        }
    }
    response.fill(0.0);
    for (tap, weight) in window.iter().enumerate() {
        // response[x] += weight * column[x + tap - radius]
        let (to, from) = if tap < radius { (radius - tap, 0) } else { (0, tap - radius) };
        if to.max(from) >= width {
            continue;
        }
        let length = width - to.max(from);
        for (sum, value) in response[to..to + length].iter_mut().zip(&column[from..]) {
            *sum += weight * value;
        }
    }
}

fn window(sigma: f32) -> Vec<f32> {
    let radius = (SUPPORT_Q.sqrt() * sigma).ceil() as i32;
    (-radius..=radius).map(|x| (-0.5 * (x as f32 / sigma).powi(2)).exp()).collect()
}

/// The first `count` of `peaks` that keep their distance from those before.
fn apart(peaks: &[Peak], count: usize, size: Size) -> Vec<Peak> {
    let mut territory = Territory::new(size);
    let mut out = Vec::new();
    for peak in peaks {
        if out.len() >= count {
            break;
        }
        if territory.is_free(peak.mean_px) {
            territory.take(peak.mean_px, peak.sigma_px);
            out.push(*peak);
        }
    }
    out
}
