//! Numbers in the shape of gradients and steps.

use lgi::optim::Groups;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// `N` Gaussians' worth of numbers, all different.
pub fn pattern(count: usize, channels: usize, seed: u64) -> Groups {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut numbers = |n: usize| (0..n).map(|_| random.random_range(-1.0..1.0)).collect();
    Groups {
        position: numbers(2 * count),
        shape: numbers(3 * count),
        color: numbers(channels * count),
    }
}
