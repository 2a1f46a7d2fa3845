//! Normal numbers that are a function of seed and place, so that no state has to be kept.

/// A standard normal number (Box and Muller 1958) from two hashes (SplitMix64, Steele et al.
/// 2014).
pub(crate) fn at(seed: u64, place: u64) -> f64 {
    let key = hash(seed ^ hash(place));
    let radius = (-2.0 * (1.0 - uniform(key)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(hash(key ^ 1))).cos()
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
