//! What long and narrow Gaussians cost.

use super::{PENALTY, Penalty, gram};
use crate::gaussians::Gaussians;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::{Clock, Groups};

/// `weight mean(max(0, ln(s1 / s2) - ln(free))^2)` with `s1 >= s2` the standard deviations.
pub const PART: Part = Part {
    name: "anisotropy",
    help: "what Gaussians cost that are longer than free times their width",
    source: "PhysGaussian, Xie et al. 2024, arXiv:2311.12198, equation 13",
    settings: &[
        Setting::amount("weight", "weight against the loss", 1e-5),
        Setting::new("free", "ratio that costs nothing", 3.0, [1.0, f64::MAX]),
    ],
    build: Build::Penalty(|numbers| Box::new(Anisotropy { numbers: numbers.clone() })),
    ..PENALTY
};

/// See [`PART`].
struct Anisotropy {
    numbers: Numbers,
}

impl Anisotropy {
    /// By how much the logarithm of a Gaussian's ratio is over what is free.
    fn excess(&self, gaussians: &Gaussians, index: usize, clock: &Clock<'_>) -> f64 {
        let [long, short] = gaussians.sigmas_px(index).map(f64::from);
        if short <= 0.0 {
            return 0.0;
        }
        ((long / short).ln() - self.numbers.get(1, clock).ln()).max(0.0)
    }
}

impl Penalty for Anisotropy {
    fn value(&self, gaussians: &Gaussians, clock: &Clock<'_>) -> f64 {
        let terms = (0..gaussians.len()).map(|index| self.excess(gaussians, index, clock).powi(2));
        self.numbers.get(0, clock) * terms.sum::<f64>() / gaussians.len().max(1) as f64
    }

    fn add_gradient(&self, gaussians: &Gaussians, clock: &Clock<'_>, gradient: &mut Groups) {
        let weight = 2.0 * self.numbers.get(0, clock) / gaussians.len().max(1) as f64;
        for (index, shape) in gradient.shape.chunks_exact_mut(3).enumerate() {
            let slope = weight * self.excess(gaussians, index, clock);
            if slope == 0.0 {
                continue;
            }
            // The logarithm of a standard deviation changes by v^T S v, v its axis.
            let [xx, xy, yy] = gram(gaussians.factor_px[index]);
            let (sine, cosine) = (2.0 * xy).atan2(xx - yy).sin_cos();
            shape[0] += (slope * cosine) as f32;
            shape[1] += (slope * 2.0 * sine) as f32;
            shape[2] -= (slope * cosine) as f32;
        }
    }
}
