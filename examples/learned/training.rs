//! The loop around a training: time, state, weights.

use std::path::Path;
use std::time::Instant;

use lgi::atomic_file;
use lgi::learned::{
    Evolution, EvolutionOptions, PolicyGradient, PolicyGradientOptions, StochasticPolicy, Weights,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Result, TrainArguments};

/// Generations between two writings of the state.
const WRITE_EVERY: u64 = 10;

/// Sequences of decisions that are tried on each task.
const SAMPLES: usize = 4;

/// Trains weights of `kind` by evolution strategies, starting from `start` or from the state of
/// an earlier run, and writes them. `loss` is what weights come to on the task of a number.
pub fn evolve(
    arguments: &TrainArguments,
    kind: &str,
    start: Vec<f32>,
    loss: impl Fn(&[f32], u64) -> lgi::Result<f64> + Sync,
) -> Result<()> {
    let TrainArguments { seed, pairs, spread, rate, .. } = *arguments;
    let options = EvolutionOptions { pairs, spread, rate, seed };
    let mut evolution = resume(arguments)?.unwrap_or_else(|| Evolution::new(options, start));
    *evolution.options_mut() = options;
    train(arguments, kind, &mut evolution, |evolution| {
        let report = evolution.step(&loss)?;
        Ok((evolution.generation(), report.loss, evolution.averaged()))
    })
}

/// The same by policy gradients.
pub fn reinforce(
    arguments: &TrainArguments,
    kind: &str,
    start: Vec<f32>,
    policy: &impl StochasticPolicy,
) -> Result<()> {
    let tasks = (arguments.pairs * 2).div_ceil(SAMPLES);
    let TrainArguments { seed, rate, .. } = *arguments;
    let options = PolicyGradientOptions { tasks, samples: SAMPLES, rate, seed };
    let mut training = resume(arguments)?.unwrap_or_else(|| PolicyGradient::new(options, start));
    *training.options_mut() = options;
    train(arguments, kind, &mut training, |training| {
        let reward = training.step(policy)?;
        Ok((training.generation(), -reward, training.weights().to_vec()))
    })
}

fn resume<T: DeserializeOwned>(arguments: &TrainArguments) -> Result<Option<T>> {
    match arguments.state.as_deref().filter(|path| path.exists()) {
        Some(path) => Ok(Some(serde_json::from_slice(&std::fs::read(path)?)?)),
        None => Ok(None),
    }
}

/// Steps until time or generations are over. A step gives their number, the loss and the weights.
fn train<T: Serialize>(
    arguments: &TrainArguments,
    kind: &str,
    training: &mut T,
    mut step: impl FnMut(&mut T) -> Result<(u64, f64, Vec<f32>)>,
) -> Result<()> {
    let started = Instant::now();
    let (mut sum, mut count) = (0.0, 0);
    loop {
        let (generation, loss, values) = step(training)?;
        (sum, count) = (sum + loss, count + 1);
        let seconds = started.elapsed().as_secs_f64();
        let is_last = seconds >= 60.0 * arguments.minutes
            || arguments.generations.is_some_and(|last| generation >= last);
        if generation.is_multiple_of(WRITE_EVERY) || is_last {
            let mean = sum / f64::from(count);
            println!("generation {generation}: loss {mean:.3}, {seconds:.0} s");
            (sum, count) = (0.0, 0);
            write(arguments.state.as_deref(), training)?;
            Weights { kind: kind.into(), values }.write(&arguments.output)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

fn write(path: Option<&Path>, training: &impl Serialize) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    Ok(atomic_file::write(path, &serde_json::to_vec(training)?, true)?)
}
