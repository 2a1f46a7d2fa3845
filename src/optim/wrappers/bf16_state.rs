//! Moments in half the bits.

use super::{WRAPPER, Wrapper};
use crate::optim::part::{Build, Part};
use crate::optim::{Chain, Transform};

/// Rounds what elementwise rules remember to bfloat16 after every update, to nearest, ties to
/// even. It shows what such a state costs in quality; on the host it saves no memory.
pub const PART: Part = Part {
    name: "bf16-state",
    help: "rounds the rule's moments to bfloat16",
    source: "Kalamkar et al. 2019, arXiv:1905.12322",
    build: Build::Wrapper(|_| Box::new(Bf16State)),
    ..WRAPPER
};

/// See [`PART`].
struct Bf16State;

impl Wrapper for Bf16State {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn updated(&mut self, chain: &mut Chain) {
        chain.round_state(round);
    }
}

/// The nearest number of 8 bits of mantissa; what is not finite stays.
fn round(value: f32) -> f32 {
    if !value.is_finite() {
        return value;
    }
    let bits = value.to_bits();
    let tie_to_even = 0x7fff + ((bits >> 16) & 1);
    f32::from_bits(bits.wrapping_add(tie_to_even) & 0xffff_0000)
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn rounding_goes_to_the_nearest_and_ties_to_even() {
        let step = 1.0 / 128.0;
        for (value, expected) in [
            (1.0, 1.0),
            (1.0 + 0.4 * step, 1.0),
            (1.0 + 0.5 * step, 1.0),
            (1.0 + 1.5 * step, 1.0 + 2.0 * step),
            (-1.0 - 0.6 * step, -1.0 - step),
            (0.0, 0.0),
        ] {
            assert_eq!(round(value), expected, "{value}");
        }
        assert!(round(f32::NAN).is_nan() && round(f32::INFINITY) == f32::INFINITY);
    }
}
