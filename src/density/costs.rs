//! What the picture loses with a Gaussian.

use rayon::prelude::*;

use super::Scene;
use super::exchange::{self, Taken};
use super::shape::Shape;

/// By how much half the sum of squared differences rises when each Gaussian of `scene` alone is
/// removed, compared with what it would be if that Gaussian had its best colour, `[N]`.
///
/// Exact over the pixels of its support. The best colour counts rather than its own, since a
/// Gaussian that is on its way would else seem to do harm. What its neighbours could make of the
/// gap is not counted.
pub fn removal(scene: &Scene<'_>) -> Vec<f32> {
    let all = (0..scene.gaussians.len()).into_par_iter();
    all.map(|index| {
        let taken = [Taken::of(scene.gaussians, index)];
        let removed = exchange::best(scene, taken, [[]]).map_or(0.0, |removed| removed.gain);
        let own = [Shape::of(scene.gaussians, index)];
        let kept = exchange::best(scene, taken, [own]).map_or(0.0, |kept| kept.gain);
        (kept - removed).max(0.0)
    })
    .collect()
}
