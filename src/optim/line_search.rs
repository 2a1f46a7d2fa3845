//! Backtracking: shorter and shorter along one direction, until the loss falls enough.

use serde::{Deserialize, Serialize};

/// Least fall of the loss, as a share of what the slope promises.
const SUFFICIENT: f64 = 1e-4;

/// Rise of the loss, as a share of it, that is taken for noise: pixels at the edge of a
/// Gaussian's support come and go, so that the loss is not quite continuous.
const NOISE: f64 = 2e-5;

/// What a step is shortened by.
const SHORTEN: f64 = 0.35;

/// Steps that are tried along one direction.
const TRIES: u32 = 6;

/// Backtracking under the condition of Armijo (1966): `f(x + s) <= f(x) + 1e-4 g.s`,
/// give or take what is noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backtracking {
    /// Loss where the search starts.
    loss: f64,
    /// Share of the direction that is being tried.
    scale: f64,
    tries: u32,
}

/// What to do after a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trial {
    /// The step is good.
    Accept,
    /// Try a step of this share of the direction.
    Shorten(f64),
    /// No step along this direction is any good.
    GiveUp,
}

impl Backtracking {
    /// Least fall of the loss, as a share of what the slope promises.
    pub const SUFFICIENT: f64 = SUFFICIENT;
    /// Rise of the loss, as a share of it, that is taken for noise.
    pub const NOISE: f64 = NOISE;
    /// What a step is shortened by.
    pub const SHORTEN: f64 = SHORTEN;
    /// Steps that are tried along one direction.
    pub const TRIES: u32 = TRIES;

    /// A search that started at `loss` and is at its trial number `tries`, counted from 1, of
    /// this share of the direction.
    pub fn at(loss: f64, scale: f64, tries: u32) -> Self {
        Self { loss, scale, tries }
    }

    /// Share of the direction that is being tried.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Steps that were tried, this one included.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// A search that starts at `loss` and tries the whole direction first.
    pub fn new(loss: f64) -> Self {
        Self { loss, scale: 1.0, tries: 1 }
    }

    /// Loss where the search started.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Judges the step that was tried: its loss, and its scalar product with the gradient.
    pub fn judge(&mut self, loss: f64, slope: f64) -> Trial {
        // Not finite is worse than anything.
        if loss <= self.loss + SUFFICIENT * slope.min(0.0) + NOISE * self.loss.abs() {
            return Trial::Accept;
        }
        if self.tries >= TRIES {
            return Trial::GiveUp;
        }
        self.tries += 1;
        self.scale *= SHORTEN;
        Trial::Shorten(self.scale)
    }
}
