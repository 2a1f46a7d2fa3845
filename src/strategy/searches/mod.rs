//! Strategies that try Gaussians without gradients. One file each, and one line in [`ALL`].

mod annealing;
mod cmaes;
mod genetic;
mod particle_swarm;

use super::Strategy;

/// All of them.
pub const ALL: &[&Strategy] =
    &[&annealing::STRATEGY, &particle_swarm::STRATEGY, &genetic::STRATEGY, &cmaes::STRATEGY];
