//! Presets: one word for method, iterations and stop rules.

use serde::{Deserialize, Serialize};

use super::FitOptions;

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
    /// 1000 iterations, fewer where they no longer help.
    High,
}

impl Quality {
    /// All presets, least work first.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Fast, Self::Balanced, Self::High];

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::High => "high",
        }
    }

    /// Sets what the preset stands for and leaves everything else.
    pub fn apply(self, options: &mut FitOptions) {
        let (iterations, patience) = match self {
            Self::Draft => (30, None),
            Self::Fast => (100, None),
            Self::Balanced => (250, None),
            Self::High => (1000, Some(200)),
        };
        options.optimizer.rule = "adam".into();
        options.stop.iterations = iterations;
        options.stop.patience = patience;
    }
}
