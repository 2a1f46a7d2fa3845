//! Training by evolution strategies: from losses alone.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::meta::{MetaAdam, replace_not_finite};
use crate::error::Result;
use crate::normal;

/// A difference of losses counts for so many times the usual one at most.
const LARGEST_DIFFERENCE: f64 = 2.5;

/// Numbers of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvolutionOptions {
    /// Antithetic pairs of a generation.
    pub pairs: usize,
    /// Standard deviation of the weights that are tried, about the present ones.
    pub spread: f64,
    /// Size of a step.
    pub rate: f64,
    /// Seed of tries and tasks.
    pub seed: u64,
}

impl Default for EvolutionOptions {
    fn default() -> Self {
        Self { pairs: 16, spread: 0.05, rate: 0.02, seed: 0 }
    }
}

/// Evolution strategies as an estimate of a gradient (Salimans et al. 2017, arXiv:1703.03864):
/// antithetic pairs, each on a task of its own that both share, differences divided by their root
/// mean square, and Adam on what comes out.
///
/// The whole is serialisable; going on from a saved state gives the same weights as never having
/// stopped, whatever the number of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evolution {
    options: EvolutionOptions,
    generation: u64,
    weights: Vec<f32>,
    adam: MetaAdam,
    mean: Vec<f64>,
}

/// What one generation gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generation {
    /// Number of generations so far.
    pub generation: u64,
    /// Mean loss of all tries.
    pub loss: f64,
    /// Root mean square of the differences within the pairs.
    pub difference: f64,
}

impl Evolution {
    /// A run that starts from `weights`.
    pub fn new(options: EvolutionOptions, weights: Vec<f32>) -> Self {
        let mean = weights.iter().map(|v| f64::from(*v)).collect();
        Self { options, generation: 0, adam: MetaAdam::new(weights.len()), mean, weights }
    }

    /// The present weights.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Mean of the weights over the last tenth of the generations, or the last fifty: steadier than
    /// the last (Polyak and Juditsky 1992).
    pub fn averaged(&self) -> Vec<f32> {
        self.mean.iter().map(|v| *v as f32).collect()
    }

    /// Numbers of the run.
    pub fn options_mut(&mut self) -> &mut EvolutionOptions {
        &mut self.options
    }

    /// Number of generations so far.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// One generation. `loss` is what weights come to on the task of this number; not finite is
    /// as bad as the worst of the generation.
    ///
    /// # Errors
    /// The first of `loss`, in the order of the pairs.
    pub fn step(&mut self, loss: impl Fn(&[f32], u64) -> Result<f64> + Sync) -> Result<Generation> {
        let EvolutionOptions { pairs, spread, rate, seed } = self.options;
        let count = self.weights.len() as u64;
        let first_pair = self.generation * pairs as u64;
        let noise = |pair: u64, place: u64| normal::at(seed, (first_pair + pair) * count + place);
        let tries: Vec<(u64, f64)> =
            (0..pairs as u64).flat_map(|pair| [(pair, 1.0), (pair, -1.0)]).collect();
        let losses: Vec<Result<f64>> = tries
            .into_par_iter()
            .map(|(pair, sign)| {
                let places = (0..count).zip(&self.weights);
                let tried: Vec<f32> = places
                    .map(|(place, weight)| weight + (sign * spread * noise(pair, place)) as f32)
                    .collect();
                loss(&tried, first_pair + pair)
            })
            .collect();
        let mut losses: Vec<f64> = losses.into_iter().collect::<Result<_>>()?;
        replace_not_finite(&mut losses, f64::max);

        let differences: Vec<f64> = losses.chunks_exact(2).map(|pair| pair[0] - pair[1]).collect();
        let squares: f64 = differences.iter().map(|v| v * v).sum();
        let usual = (squares / pairs.max(1) as f64).sqrt();
        self.generation += 1;
        let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
        let report = Generation { generation: self.generation, loss: mean, difference: usual };
        if usual == 0.0 {
            return Ok(report);
        }
        let gradient: Vec<f64> = (0..count)
            .map(|place| {
                let shares = differences.iter().zip(0..).map(|(difference, pair)| {
                    let share = (difference / usual).clamp(-LARGEST_DIFFERENCE, LARGEST_DIFFERENCE);
                    share * noise(pair, place)
                });
                shares.sum::<f64>() / pairs as f64
            })
            .collect();
        self.adam.step(&mut self.weights, &gradient, rate);
        // Over the last tenth of the generations, as far as there are any.
        let share = (10.0 / self.generation as f64).clamp(0.02, 1.0);
        for (mean, weight) in self.mean.iter_mut().zip(&self.weights) {
            *mean += share * (f64::from(*weight) - *mean);
        }
        Ok(report)
    }
}
