//! Between two states of the same Gaussians: in centres, factors and colours.

use crate::gaussians::Gaussians;
use crate::optim::RowMap;

/// Share of the area that a mix of factors must keep to be believed.
const LEAST_AREA: f32 = 0.05;

/// Moves `from` by `share` of the way to `to`. A factor that would lose its area on the way stays.
pub fn towards(from: &mut Gaussians, to: &Gaussians, share: f32) {
    let mix = |a: &mut f32, b: &f32| *a += share * (b - *a);
    for (mean, other) in from.mean_px.iter_mut().zip(&to.mean_px) {
        mean.iter_mut().zip(other).for_each(|(a, b)| mix(a, b));
    }
    for (factor, other) in from.factor_px.iter_mut().zip(&to.factor_px) {
        let before = *factor;
        factor.iter_mut().zip(other).for_each(|(a, b)| mix(a, b));
        let least = area(&before).abs().min(area(other).abs());
        if area(factor) * area(&before) <= LEAST_AREA * least * area(&before).abs() {
            *factor = before;
        }
    }
    from.color.iter_mut().zip(&to.color).for_each(|(a, b)| mix(a, b));
}

fn area([a, b, c, d]: &[f32; 4]) -> f32 {
    a * d - b * c
}

/// Carries a remembered state through a change of the Gaussians: new ones are as they are now.
pub fn remap(remembered: &mut Gaussians, rows: &RowMap, now: &Gaussians) {
    if remembered.len() != rows.before() || now.len() != rows.after() {
        remembered.clone_from(now);
        return;
    }
    let mut next = now.clone();
    for (row, source) in rows.sources().iter().enumerate() {
        let Some(source) = source.map(|source| source as usize) else { continue };
        next.mean_px[row] = remembered.mean_px[source];
        next.factor_px[row] = remembered.factor_px[source];
        next.color_of_mut(row).copy_from_slice(remembered.color_of(source));
    }
    *remembered = next;
}
