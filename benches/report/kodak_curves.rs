//! What other codecs reach on the Kodak pictures.

use serde::Deserialize;

use crate::Result;
use crate::pictures::Picture;

/// The rate-distortion curve of a codec: means over the 24 pictures.
#[derive(Deserialize)]
pub struct Curve {
    pub name: String,
    /// Bits a pixel and PSNR in dB, rates ascending.
    pub points: Vec<(f64, f64)>,
}

/// Number of the Kodak pictures.
const PICTURES: usize = 24;

/// The curves, where `pictures` are what they were measured on; none where they are not. The
/// file names the source of each.
///
/// # Errors
/// Where the file is no such table.
pub fn comparable(pictures: &[Picture]) -> Result<Vec<Curve>> {
    let kodak = pictures.iter().all(|picture| picture.name.starts_with("kodim"));
    if !kodak || pictures.len() != PICTURES {
        return Ok(Vec::new());
    }
    Ok(serde_json::from_str(include_str!("kodak_curves.json"))?)
}

/// Rate of curve `a` over that of `b` at equal PSNR, minus 1: the mean difference of the
/// logarithms of the rates over the PSNRs that both have (Bjontegaard 2001), the curves joined by
/// straight lines. Nothing where they share less than 1 dB.
pub fn bd_rate(a: &[(f64, f64)], b: &[(f64, f64)]) -> Option<f64> {
    const STEPS: usize = 400;
    let [a, b] = [a, b].map(by_psnr);
    let low = a.first()?.0.max(b.first()?.0);
    let high = a.last()?.0.min(b.last()?.0);
    if high - low < 1.0 {
        return None;
    }
    let places = (0..STEPS).map(|step| low + (high - low) * step as f64 / (STEPS - 1) as f64);
    let sum: f64 = places.map(|psnr_db| at(&a, psnr_db) - at(&b, psnr_db)).sum();
    Some((sum / STEPS as f64).exp() - 1.0)
}

/// PSNR and logarithm of the rate, PSNRs ascending.
fn by_psnr(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points: Vec<_> = curve.iter().map(|(bpp, psnr_db)| (*psnr_db, bpp.ln())).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn at(points: &[(f64, f64)], psnr_db: f64) -> f64 {
    let next = points.partition_point(|point| point.0 < psnr_db).clamp(1, points.len() - 1);
    let [(from, low), (to, high)] = [points[next - 1], points[next]];
    low + (high - low) * ((psnr_db - from) / (to - from).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
}
