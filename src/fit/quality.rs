//! Presets: one word for how much work a fit may be.

use serde::{Deserialize, Serialize};

use super::{FitOptions, recipe};

/// How much work a fit may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// A first look: 30 iterations.
    Draft,
    /// 100 iterations.
    Fast,
    /// The default: 250 iterations.
    Balanced,
    /// 1000 iterations.
    High,
    /// 3000 iterations: the last tenths of a decibel.
    Max,
}

impl Quality {
    /// All presets, least work first.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Fast, Self::Balanced, Self::High, Self::Max];

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::High => "high",
            Self::Max => "max",
        }
    }

    /// Passes over the picture.
    pub fn iterations(self) -> u64 {
        match self {
            Self::Draft => 30,
            Self::Fast => 100,
            Self::Balanced => 250,
            Self::High => 1000,
            Self::Max => 3000,
        }
    }

    /// Sets iterations and the method that is best for them, and leaves everything else.
    pub fn apply(self, options: &mut FitOptions) {
        options.stop.iterations = self.iterations();
        recipe::apply(options);
    }
}
