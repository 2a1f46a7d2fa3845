//! L-BFGS and its line search, between the host's state and the device's.

use super::fitter::Fitter;
use super::search::Search;
use super::update::BLOCKS_EVERY;
use crate::backend::descent::{PairNumbers, QuasiNewtonState, TrialNumbers};
use crate::blend::Blend;
use crate::optim::{Backtracking, CurvaturePair, Groups, PerGroup};

impl Fitter<'_> {
    /// How many iterations may be made before blocks are due that only the host works out, if
    /// the method has any; 0 if they are due.
    pub(super) fn iterations_until_blocks(&self) -> u64 {
        let state = &self.state;
        if !self.optimizer.needs().blocks || self.options.blend == Blend::Additive {
            return u64::MAX;
        }
        if state.blocks.is_empty() {
            return 0;
        }
        (state.last_blocks + BLOCKS_EVERY).saturating_sub(state.iteration)
    }

    /// Where the method stands, if it is L-BFGS alone.
    pub(super) fn quasi_newton_state(&self) -> Option<QuasiNewtonState> {
        let rule = self.optimizer.quasi_newton()?;
        let pairs = rule.pairs.iter().map(|pair| PairNumbers {
            step: join(&pair.step),
            change: join(&pair.change),
            curvature: pair.curvature as f32,
        });
        let trial = self.state.search.as_ref().map(|search| TrialNumbers {
            base: search.base.clone(),
            gradient: join(&search.gradient),
            direction: join(&search.direction),
            step: join(&search.step),
            loss: search.rule.loss() as f32,
            share: search.rule.scale() as f32,
            slope: search.slope as f32,
            number: search.rule.tries(),
        });
        let blocks = match self.options.blend {
            Blend::Additive => Vec::new(),
            Blend::Normalized { .. } => self.state.blocks.rows(),
        };
        Some(QuasiNewtonState { scale: rule.scale as f32, pairs: pairs.collect(), trial, blocks })
    }

    /// Takes over where the device left it.
    pub(super) fn take_quasi_newton(&mut self, state: QuasiNewtonState, lengths: PerGroup<usize>) {
        let Some(mut rule) = self.optimizer.quasi_newton() else { return };
        let QuasiNewtonState { scale, pairs, trial, .. } = state;
        rule.scale = scale.into();
        let pairs = pairs.iter().map(|pair| CurvaturePair {
            step: split(&pair.step, lengths),
            change: split(&pair.change, lengths),
            curvature: pair.curvature.into(),
        });
        rule.pairs = pairs.collect();
        self.state.search = trial.map(|trial| Search {
            base: trial.base,
            gradient: split(&trial.gradient, lengths),
            direction: split(&trial.direction, lengths),
            rule: Backtracking::at(trial.loss.into(), trial.share.into(), trial.number),
            step: split(&trial.step, lengths),
            slope: trial.slope.into(),
        });
        if let Some(search) = &self.state.search {
            self.optimizer.take_up(&search.gradient, rule);
        }
    }
}

/// Positions, shapes and colours one after the other.
fn join(groups: &Groups) -> Vec<f32> {
    [&groups.position[..], &groups.shape, &groups.color].concat()
}

/// The inverse of [`join`].
fn split(numbers: &[f32], lengths: PerGroup<usize>) -> Groups {
    let (position, rest) = numbers.split_at(lengths.position);
    let (shape, color) = rest.split_at(lengths.shape);
    Groups { position: position.to_vec(), shape: shape.to_vec(), color: color.to_vec() }
}
