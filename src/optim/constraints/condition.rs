//! Gaussians that are not too long for their width.

use super::{CONSTRAINT, Constraint};
use crate::gaussians::Gaussians;
use crate::optim::Clock;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Needs, Part, Setting};

/// Bounds the ratio of the standard deviations: the longer one shrinks and the shorter one grows
/// by the same factor, so that the area stays.
pub const PART: Part = Part {
    name: "max-condition",
    help: "bounds the ratio of a Gaussian's standard deviations",
    source: "PhysGaussian, Xie et al. 2024, arXiv:2311.12198",
    settings: &[Setting::new("limit", "largest ratio", 10.0, [1.0, f64::MAX])],
    needs: Needs { body_frame: true, ..Needs::NONE },
    build: Build::Constraint(|numbers| Box::new(MaxCondition { numbers: numbers.clone() })),
    ..CONSTRAINT
};

/// See [`PART`].
struct MaxCondition {
    numbers: Numbers,
}

impl Constraint for MaxCondition {
    fn project(&self, gaussians: &mut Gaussians, clock: &Clock<'_>) {
        let limit = self.numbers.get(0, clock);
        for index in 0..gaussians.len() {
            let [long, short] = gaussians.sigmas_px(index).map(f64::from);
            if long <= limit * short || short <= 0.0 {
                continue;
            }
            // L + (s - 1) v v^T from the left, along the axis of each standard deviation: with
            // the shrinking factor for the long one and its inverse for the short one.
            let factor = (limit * short / long).sqrt();
            let [a, b, c, d] = gaussians.factor_px[index].map(f64::from);
            let (xx, xy, yy) = (a * a + b * b, a * c + b * d, c * c + d * d);
            let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
            let (sine, cosine) = angle.sin_cos();
            let (along, across) = (factor, 1.0 / factor);
            let m00 = along * cosine * cosine + across * sine * sine;
            let m11 = along * sine * sine + across * cosine * cosine;
            let m01 = (along - across) * sine * cosine;
            gaussians.factor_px[index] =
                [m00 * a + m01 * c, m00 * b + m01 * d, m01 * a + m11 * c, m01 * b + m11 * d]
                    .map(|v| v as f32);
        }
    }
}
