//! Training by policy gradients: from rewards of decisions.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::meta::{MetaAdam, replace_not_finite};
use crate::error::Result;
use crate::normal;

/// Numbers of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyGradientOptions {
    /// Tasks of a generation.
    pub tasks: usize,
    /// Sequences of decisions that are tried on each.
    pub samples: usize,
    /// Size of a step.
    pub rate: f64,
    /// Seed of decisions and tasks.
    pub seed: u64,
}

impl Default for PolicyGradientOptions {
    fn default() -> Self {
        Self { tasks: 8, samples: 4, rate: 0.02, seed: 0 }
    }
}

/// A policy whose decisions can be drawn, and made likelier.
pub trait StochasticPolicy: Sync {
    /// Decisions for the task of a number, each drawn with a number of 0..1 of `uniform`.
    fn draw(&self, weights: &[f32], task: u64, uniform: &mut dyn FnMut() -> f64) -> Vec<usize>;

    /// Adds `scale` times the derivative of the logarithm of their probability.
    fn add_log_gradient(
        &self,
        weights: &[f32],
        task: u64,
        decisions: &[usize],
        scale: f32,
        gradient: &mut [f32],
    );

    /// What they are worth on that task; the higher the better.
    ///
    /// # Errors
    /// Whatever trying them fails with.
    fn reward(&self, task: u64, decisions: &[usize]) -> Result<f64>;
}

/// REINFORCE (Williams 1992). The baseline of a sequence of decisions is the mean reward of the
/// others on the same task (Kool et al. 2019), so that hard tasks do not look like bad decisions.
///
/// The whole is serialisable, as [`super::Evolution`] is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyGradient {
    options: PolicyGradientOptions,
    generation: u64,
    weights: Vec<f32>,
    adam: MetaAdam,
}

impl PolicyGradient {
    /// A run that starts from `weights`.
    pub fn new(options: PolicyGradientOptions, weights: Vec<f32>) -> Self {
        Self { options, generation: 0, adam: MetaAdam::new(weights.len()), weights }
    }

    /// The present weights.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Numbers of the run.
    pub fn options_mut(&mut self) -> &mut PolicyGradientOptions {
        &mut self.options
    }

    /// Number of generations so far.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// One generation; gives its mean reward. Rewards that are not finite count as the worst.
    ///
    /// # Errors
    /// The first of the rewards, in the order of the tasks.
    pub fn step(&mut self, policy: &impl StochasticPolicy) -> Result<f64> {
        let PolicyGradientOptions { tasks, samples, rate, seed } = self.options;
        let first = self.generation * tasks as u64;
        let tries: Vec<(u64, Vec<usize>)> = (0..(tasks * samples) as u64)
            .map(|sample| {
                let task = first + sample / samples as u64;
                let key = self.generation.wrapping_mul(1 << 20).wrapping_add(sample);
                let mut place = key.wrapping_mul(1 << 10);
                let mut uniform = || {
                    place = place.wrapping_add(1);
                    normal::uniform_at(seed, place)
                };
                (task, policy.draw(&self.weights, task, &mut uniform))
            })
            .collect();
        let rewards: Vec<Result<f64>> =
            tries.par_iter().map(|(task, decisions)| policy.reward(*task, decisions)).collect();
        let mut rewards: Vec<f64> = rewards.into_iter().collect::<Result<_>>()?;
        replace_not_finite(&mut rewards, f64::min);
        let others = (samples.max(2) - 1) as f64;
        let advantages: Vec<f64> = rewards
            .chunks(samples.max(1))
            .flat_map(|of_task| {
                let sum: f64 = of_task.iter().sum();
                of_task.iter().map(move |reward| reward - (sum - reward) / others)
            })
            .collect();
        let squares: f64 = advantages.iter().map(|v| v * v).sum();
        let usual = (squares / advantages.len().max(1) as f64).sqrt();
        self.generation += 1;
        if usual > 0.0 {
            let mut gradient = vec![0.0; self.weights.len()];
            for ((task, decisions), advantage) in tries.iter().zip(&advantages) {
                let share = (advantage / usual).clamp(-2.5, 2.5) / rewards.len() as f64;
                // Down the negative reward.
                let scale = -share as f32;
                policy.add_log_gradient(&self.weights, *task, decisions, scale, &mut gradient);
            }
            let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
            self.adam.step(&mut self.weights, &gradient, rate);
        }
        Ok(rewards.iter().sum::<f64>() / rewards.len().max(1) as f64)
    }
}
