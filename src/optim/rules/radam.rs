//! Adam whose first steps wait for the second moment to be known.

use super::{BETA1, BETA2, EPSILON, Moments, moments};
use crate::optim::arithmetic::Arithmetic;
use crate::optim::elementwise::{Elementwise, Now, each_number};
use crate::optim::part::{Build, Part};

/// Rectified Adam (algorithm 2): the variance of the adaptive rate is corrected, and where it is
/// not known yet the step is the first moment alone.
pub const PART: Part = Part {
    name: "radam",
    help: "Adam with the variance of its early rates rectified",
    source: "Liu et al. 2020, arXiv:1908.03265",
    settings: &[BETA1, BETA2, EPSILON],
    build: Build::Links(|numbers| vec![each_number::<RectifiedAdam, 2, 6>(numbers)]),
    ..Part::EMPTY
};

/// Effective length of the second moment below which it is not used.
const SHORTEST: f64 = 5.0;

/// See [`PART`].
struct RectifiedAdam;

impl Elementwise<2, 6> for RectifiedAdam {
    const NAME: &'static str = PART.name;

    /// Those of the moments, and the factor on Adam's step: zero for the first moment alone.
    fn constants(now: &Now<'_>) -> [f32; 6] {
        let [beta1, beta2, epsilon, unbias1, unbias2] = moments(now);
        let (decay, time) = (f64::from(beta2), now.update as f64);
        let power = decay.powf(time);
        let longest = 2.0 / (1.0 - decay) - 1.0;
        let length = longest - 2.0 * time * power / (1.0 - power);
        let rectifier = if length >= SHORTEST {
            let upper = (length - 4.0) * (length - 2.0) * longest;
            let lower = (longest - 4.0) * (longest - 2.0) * length;
            (upper / lower).sqrt() as f32
        } else {
            0.0
        };
        [beta1, beta2, epsilon, unbias1, unbias2, rectifier]
    }

    fn update<T: Arithmetic>(
        [beta1, beta2, epsilon, unbias1, unbias2, rectifier]: [T; 6],
        _value: T,
        gradient: T,
        slots: [T; 2],
    ) -> (T, [T; 2]) {
        let moments = Moments::of([beta1, beta2, epsilon, unbias1, unbias2]);
        let slots = moments.take(gradient, slots);
        let rectified = rectifier * moments.ratio(slots);
        (rectifier.if_zero(slots[0] * unbias1, rectified), slots)
    }
}
