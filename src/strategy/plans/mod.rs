//! Strategies that are made of descents. One file each, and one line in [`ALL`].

mod alternating;
mod auto;
mod block_coordinate;
mod coarse_to_polish;
mod hierarchical;
mod optimal_transport;

pub(super) use auto::STRATEGY as AUTO;

use super::Strategy;

/// All of them.
pub const ALL: &[&Strategy] = &[
    &auto::STRATEGY,
    &block_coordinate::STRATEGY,
    &coarse_to_polish::STRATEGY,
    &hierarchical::STRATEGY,
    &alternating::STRATEGY,
    &optimal_transport::STRATEGY,
];
