//! Update rules: from gradients to steps. One file each, and one line in [`ALL`].

mod adagrad;
mod adam;
mod adamw;
mod adan;
mod lamb;
mod lars;
mod lbfgs;
mod learned;
mod levenberg_marquardt;
mod lion;
mod momentum;
mod nesterov;
mod radam;
mod rmsprop;
mod sgd;
mod sparse_adam;

pub use lbfgs::Lbfgs;
pub use learned::Learned;
pub use levenberg_marquardt::LevenbergMarquardt;

use super::arithmetic::Arithmetic;
use super::elementwise::Now;
use super::part::{Needs, Part, Setting};

/// All update rules.
pub const ALL: &[&Part] = &[
    &sgd::PART,
    &momentum::PART,
    &nesterov::PART,
    &adam::PART,
    &adamw::PART,
    &radam::PART,
    &adan::PART,
    &adagrad::PART,
    &rmsprop::PART,
    &lion::PART,
    &lars::PART,
    &lamb::PART,
    &sparse_adam::PART,
    &lbfgs::PART,
    &levenberg_marquardt::PART,
    &learned::PART,
];

/// Adam's decays for fits of some hundred iterations; the usual 0.9 and 0.999 cost 0.7 dB.
const BETA1: Setting = Setting::decay("beta1", "decay of the first moment", 0.8);
const BETA2: Setting = Setting::decay("beta2", "decay of the second moment", 0.95);

/// Gradients are means over pixels: far below the usual 1e-8.
const EPSILON: Setting =
    Setting::amount("epsilon", "added to the root of the second moment", 1e-15);

/// Towards zero for colours, towards a circle of one pixel for shapes.
const DECAY: Setting =
    Setting::of_colors("decay", "share of the parameters taken off at each unit step", 1e-3);

/// Of rules whose steps are in proportion to the gradient.
const PROPORTIONAL: Needs = Needs { sums: true, ..Needs::NONE };

/// Of rules that look at the parameters.
const VALUES: Needs = Needs { values: true, ..Needs::NONE };

/// A first and a second moment, and what makes up for their start at zero.
#[derive(Clone, Copy)]
struct Moments<T> {
    beta1: T,
    beta2: T,
    epsilon: T,
    unbias1: T,
    unbias2: T,
}

/// Constants of [`Moments`]: beta1, beta2 and epsilon, as the settings have them, and the factors
/// that make up for the start.
fn moments(now: &Now<'_>) -> [f32; 5] {
    let [beta1, beta2, epsilon] = [0, 1, 2].map(|index| now.settings[index]);
    [beta1, beta2, epsilon, unbias(beta1, now.update), unbias(beta2, now.update)]
}

impl<T: Arithmetic> Moments<T> {
    /// From the constants.
    fn of([beta1, beta2, epsilon, unbias1, unbias2]: [T; 5]) -> Self {
        Self { beta1, beta2, epsilon, unbias1, unbias2 }
    }

    /// The moments with a new gradient.
    fn take(&self, gradient: T, [first, second]: [T; 2]) -> [T; 2] {
        let one = T::from(1.0);
        let first = self.beta1 * first + (one - self.beta1) * gradient;
        let second = self.beta2 * second + (one - self.beta2) * gradient * gradient;
        [first, second]
    }

    /// The first over the root of the second, unbiased.
    fn ratio(&self, [first, second]: [T; 2]) -> T {
        first * self.unbias1 / ((second * self.unbias2).sqrt() + self.epsilon)
    }
}

/// What a running mean that started at zero is multiplied by after so many updates.
fn unbias(decay: f32, update: u64) -> f32 {
    let exponent = i32::try_from(update).unwrap_or(i32::MAX);
    (1.0 / (1.0 - f64::from(decay).powi(exponent))) as f32
}
