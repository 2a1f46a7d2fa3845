//! Adam whose first steps wait for the second moment to be known.

use super::{BETA1, BETA2, EPSILON, Moments};
use crate::optim::elementwise::{Elementwise, each_number};
use crate::optim::part::{Build, Part};

/// Rectified Adam (algorithm 2): the variance of the adaptive rate is corrected, and where it is
/// not known yet the step is the first moment alone.
pub const PART: Part = Part {
    name: "radam",
    help: "Adam with the variance of its early rates rectified",
    source: "Liu et al. 2020, arXiv:1908.03265",
    settings: &[BETA1, BETA2, EPSILON],
    build: Build::Links(|numbers| vec![each_number::<RectifiedAdam, 2>(numbers)]),
    ..Part::EMPTY
};

/// Effective length of the second moment below which it is not used.
const SHORTEST: f64 = 5.0;

/// See [`PART`].
struct RectifiedAdam;

#[derive(Clone, Copy)]
struct Constants {
    moments: Moments,
    /// Factor on Adam's step; `None` for the first moment alone.
    rectifier: Option<f32>,
}

impl Elementwise<2> for RectifiedAdam {
    const NAME: &'static str = PART.name;
    type Constants = Constants;

    fn constants(settings: &[f32], update: u64) -> Constants {
        let moments = Moments::new(settings, update);
        let (beta2, time) = (f64::from(moments.beta2), update as f64);
        let power = beta2.powf(time);
        let longest = 2.0 / (1.0 - beta2) - 1.0;
        let length = longest - 2.0 * time * power / (1.0 - power);
        let rectifier = (length >= SHORTEST).then(|| {
            let upper = (length - 4.0) * (length - 2.0) * longest;
            let lower = (longest - 4.0) * (longest - 2.0) * length;
            (upper / lower).sqrt() as f32
        });
        Constants { moments, rectifier }
    }

    fn update(
        constants: &Constants,
        _value: f32,
        gradient: f32,
        slots: [f32; 2],
    ) -> (f32, [f32; 2]) {
        let moments = &constants.moments;
        let slots = moments.take(gradient, slots);
        let update = match constants.rectifier {
            Some(factor) => factor * moments.ratio(slots),
            None => slots[0] * moments.unbias1,
        };
        (update, slots)
    }
}
