//! Where a Gaussian can be had from: the picture misses it least, or a near twin can do its work.

use super::Scene;
use super::lifecycle::Factors;
use super::merge::{self, Merge};

/// A Gaussian that can be had.
pub(super) struct Room {
    /// The smallest gain for which it is given, in half the sum of squared differences.
    pub price: f32,
    pub row: usize,
    /// Where two are merged: both, the second being `row`.
    pub merge: Option<Merge>,
}

/// All of them, cheapest first. `costs` are those of removal.
///
/// A removal is let go for a gain of its cost over the eagerness: the neighbours will make up for
/// most of it. A merge already has.
pub(super) fn find(
    scene: &Scene<'_>,
    costs: &[f32],
    eagerness: f32,
    factors: Option<&Factors>,
) -> Vec<Room> {
    let eagerness = eagerness.max(f32::MIN_POSITIVE);
    let removals = costs.iter().enumerate();
    let prune = |row: usize| factors.map_or(1.0, |factors| factors.prune[row]);
    let both = |[a, b]: [usize; 2]| {
        factors.map_or(1.0, |factors| (factors.merge[a] * factors.merge[b]).sqrt())
    };
    let removals =
        removals.map(|(row, cost)| Room { price: prune(row) * cost / eagerness, row, merge: None });
    let merges = merge::candidates(scene, costs).into_iter().map(|merge| Room {
        price: -merge.merged.gain * both(merge.pair),
        row: merge.pair[1],
        merge: Some(merge),
    });
    let mut rooms: Vec<Room> = removals.chain(merges).collect();
    rooms.sort_by(|a, b| a.price.total_cmp(&b.price));
    rooms
}
