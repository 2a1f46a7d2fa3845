//! Normal numbers: as a function of seed and place, so that no state has to be kept, and drawn.

use rand::{Rng, RngExt};

/// A standard normal number of two uniform ones (Box and Muller 1958).
fn of(first: f64, second: f64) -> f64 {
    (-2.0 * (1.0 - first).ln()).sqrt() * (std::f64::consts::TAU * second).cos()
}

/// A standard normal number from two hashes (SplitMix64, Steele et al. 2014).
pub(crate) fn at(seed: u64, place: u64) -> f64 {
    let key = hash(seed ^ hash(place));
    of(uniform(key), uniform(hash(key ^ 1)))
}

/// A standard normal number, drawn.
pub(crate) fn draw(random: &mut impl Rng) -> f64 {
    of(random.random(), random.random())
}

/// A number of 0..1, likewise.
pub(crate) fn uniform_at(seed: u64, place: u64) -> f64 {
    uniform(hash(seed ^ hash(place)))
}

fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

fn hash(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
