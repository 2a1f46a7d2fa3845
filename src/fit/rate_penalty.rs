//! What Gaussians cost in a coded file, as a smooth term of the loss.

use serde::{Deserialize, Serialize};

use crate::gaussians::Gaussians;
use crate::optim::Groups;

/// The penalty `weight d^2 sum_i ln(1 + |k_i|^2)` with `|k_i|^2 = |c_i|^2 pi |det L_i| / d^2`,
/// added to half the sum of squared differences.
///
/// `|k|` is a Gaussian's norm in quantiser steps `d`; the bits of all its parameters grow with
/// its logarithm. Gaussians that are not worth their bits fade during the fit, so that a
/// quantiser finds nothing left to drop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePenalty {
    /// Weight against the squared error; 0.3 suits.
    pub weight: f32,
    /// Step `d` of the quantiser.
    pub step: f32,
}

impl RatePenalty {
    /// The penalty's value.
    pub fn value(&self, gaussians: &Gaussians) -> f64 {
        let square = f64::from(self.step).powi(2);
        let terms = (0..gaussians.len()).map(|i| (1.0 + energy(gaussians, i) / square).ln());
        f64::from(self.weight) * square * terms.sum::<f64>()
    }

    /// Adds the penalty's gradient, times `scale`, to one in the body frame.
    pub(super) fn add_gradient(&self, gaussians: &Gaussians, scale: f64, gradient: &mut Groups) {
        let square = f64::from(self.step).powi(2);
        let channels = gaussians.channels();
        for index in 0..gaussians.len() {
            let energy = energy(gaussians, index);
            let slope = scale * f64::from(self.weight) * square / (square + energy);
            let mass = mass(gaussians.factor_px[index]);
            let colors = gradient.color[index * channels..][..channels].iter_mut();
            for (value, color) in colors.zip(gaussians.color_of(index)) {
                *value += (slope * 2.0 * f64::from(*color) * mass) as f32;
            }
            // The mass grows with the trace of the shape's step.
            gradient.shape[3 * index] += (slope * energy) as f32;
            gradient.shape[3 * index + 2] += (slope * energy) as f32;
        }
    }
}

fn mass([a, b, c, d]: [f32; 4]) -> f64 {
    std::f64::consts::PI * (f64::from(a) * f64::from(d) - f64::from(b) * f64::from(c)).abs()
}

fn energy(gaussians: &Gaussians, index: usize) -> f64 {
    let square: f64 = gaussians.color_of(index).iter().map(|c| f64::from(*c).powi(2)).sum();
    square * mass(gaussians.factor_px[index])
}
