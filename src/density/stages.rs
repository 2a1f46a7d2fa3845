//! Growth in stages, each with numbers of its own.

use serde::{Deserialize, Serialize};

/// Number of stages.
pub const STAGES: usize = 5;

/// Part of the fit that each stage takes, from its start on.
const LENGTH: f64 = 0.15;

/// What is done at the revisions of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Part of the Gaussians that come during the fit that are there at its end.
    pub there: f32,
    /// See [`super::DensityOptions::relocate`].
    pub relocate: f32,
    /// See [`super::DensityOptions::eagerness`].
    pub eagerness: f32,
    /// Factor on the largest size of new Gaussians.
    pub scale: f32,
}

/// The stages of a fit; after the last nothing comes and nothing goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stages(pub [Stage; STAGES]);

impl Stages {
    /// Part of the fit that all of them take.
    pub const WHOLE: f64 = LENGTH * STAGES as f64;

    /// The stage of an iteration, and the iteration that ends it.
    pub fn at(&self, iteration: u64, iterations: u64) -> (&Stage, u64) {
        let length = LENGTH * iterations.max(1) as f64;
        let index = ((iteration as f64 / length) as usize).min(STAGES - 1);
        (&self.0[index], ((index + 1) as f64 * length) as u64)
    }
}
