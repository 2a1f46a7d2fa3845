//! What a quasi-Newton rule remembers, for whoever goes on with it elsewhere.

use serde::{Deserialize, Serialize};

use super::Groups;

/// The state between two updates of a rule by the two loops of L-BFGS, and the rule's numbers.
#[derive(Clone, Debug)]
pub struct QuasiNewton {
    /// Pairs that are remembered at most.
    pub memory: usize,
    /// Smallest and largest scale of the initial matrix.
    pub scales: [f64; 2],
    /// Least curvature along a step that is believed, relative to the initial matrix.
    pub least_curvature: f64,
    /// Scale of the initial matrix.
    pub scale: f64,
    /// What is remembered, oldest first.
    pub pairs: Vec<CurvaturePair>,
}

/// A step and what it did to the gradient.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CurvaturePair {
    /// The step.
    pub step: Groups,
    /// Change of the gradient along the step.
    pub change: Groups,
    /// `step . change`.
    pub curvature: f64,
}
