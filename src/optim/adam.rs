//! Adam: steps of the first moment over the root of the second.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Groups, RowMap, Step, Transform};
use crate::error::{Error, Result};

/// Entries handled by one task; the result does not depend on it.
const CHUNK: usize = 4096;

/// Scaling by Adam's moments (Kingma and Ba 2015, algorithm 1), bias-corrected.
#[derive(Debug)]
pub struct Adam {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Number of updates so far.
    step: u64,
    first_moment: Groups,
    second_moment: Groups,
}

impl Adam {
    /// Adam with the given decay rates and epsilon.
    pub fn new(beta1: f32, beta2: f32, epsilon: f32) -> Self {
        Self { beta1, beta2, epsilon, state: State::default() }
    }
}

impl Transform for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn update(&mut self, updates: &mut Groups, _step: &Step) {
        let Self { beta1, beta2, epsilon, ref mut state } = *self;
        state.step += 1;
        state.first_moment.resize_like(updates);
        state.second_moment.resize_like(updates);
        let exponent = i32::try_from(state.step).unwrap_or(i32::MAX);
        let unbias1 = (1.0 / (1.0 - f64::from(beta1).powi(exponent))) as f32;
        let unbias2 = (1.0 / (1.0 - f64::from(beta2).powi(exponent))) as f32;
        let moments = state.first_moment.iter_mut().zip(state.second_moment.iter_mut());
        for ((_, update), ((_, first), (_, second))) in updates.iter_mut().zip(moments) {
            update
                .par_chunks_mut(CHUNK)
                .zip(first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK)))
                .for_each(|(update, (first, second))| {
                    for ((u, m), v) in update.iter_mut().zip(first).zip(second) {
                        *m = beta1 * *m + (1.0 - beta1) * *u;
                        *v = beta2 * *v + (1.0 - beta2) * *u * *u;
                        *u = *m * unbias1 / ((*v * unbias2).sqrt() + epsilon);
                    }
                });
        }
    }

    fn remap(&mut self, rows: &RowMap) {
        self.state.first_moment.remap(rows);
        self.state.second_moment.remap(rows);
    }

    fn reset(&mut self) {
        self.state = State::default();
    }

    fn save(&self) -> serde_json::Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = State::deserialize(state).map_err(|error| Error::Malformed {
            what: "Adam's state",
            message: error.to_string(),
        })?;
        Ok(())
    }
}
