//! What the trainers share: Adam on the weights of a network, and what they do with figures that
//! are no numbers.

use serde::{Deserialize, Serialize};

/// Decays of the two moments.
const DECAYS: [f64; 2] = [0.9, 0.99];

/// Moments of an estimated gradient (Kingma and Ba 2015). The rule of the same name in
/// [`crate::optim`] is one for Gaussians.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MetaAdam {
    updates: i32,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl MetaAdam {
    pub fn new(count: usize) -> Self {
        Self { updates: 0, first: vec![0.0; count], second: vec![0.0; count] }
    }

    /// One step down the gradient.
    pub fn step(&mut self, weights: &mut [f32], gradient: &[f64], rate: f64) {
        self.updates = self.updates.saturating_add(1);
        let unbias = DECAYS.map(|decay| 1.0 / (1.0 - decay.powi(self.updates)));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((weight, gradient), (first, second)) in weights.iter_mut().zip(gradient).zip(moments) {
            *first += (1.0 - DECAYS[0]) * (gradient - *first);
            *second += (1.0 - DECAYS[1]) * (gradient * gradient - *second);
            let step = *first * unbias[0] / ((*second * unbias[1]).sqrt() + 1e-8);
            *weight -= (rate * step) as f32;
        }
    }
}

/// Puts `worst` in the place of what is not finite.
pub(super) fn replace_not_finite(values: &mut [f64], worst: impl Fn(f64, f64) -> f64) {
    let finite = values.iter().copied().filter(|value| value.is_finite()).reduce(worst);
    let stand_in = finite.unwrap_or(0.0);
    values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = stand_in);
}
