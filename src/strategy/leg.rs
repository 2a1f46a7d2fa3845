//! The pieces that a run is made of.

use super::brief::Brief;
use super::search::Search;
use crate::fit::FitOptions;
use crate::optim::Numbers;

/// A piece of a run.
#[derive(Debug)]
pub struct Leg {
    /// Passes over the picture that it may spend.
    pub passes: u64,
    /// What it does.
    pub work: Work,
}

impl Leg {
    /// A search of so many passes with the numbers of a brief.
    pub(super) fn search(
        brief: &Brief<'_>,
        passes: u64,
        build: fn(&Numbers) -> Box<dyn Search>,
    ) -> Self {
        Self { passes, work: Work::Search { build, numbers: brief.numbers.clone() } }
    }
}

/// What a leg does.
#[derive(Debug)]
pub enum Work {
    /// Goes down by gradients.
    Descent(Box<Descent>),
    /// Tries Gaussians.
    Search {
        /// Makes the search.
        build: fn(&Numbers) -> Box<dyn Search>,
        /// What it is made from.
        numbers: Numbers,
    },
}

impl Work {
    /// Goes down by gradients.
    pub fn descent(descent: Descent) -> Self {
        Self::Descent(Box::new(descent))
    }
}

/// A fit as a leg. Stop rules and the number of passes are the run's.
#[derive(Clone, Debug)]
pub struct Descent {
    /// Its options. Where more Gaussians are asked for than there are, and nothing makes them
    /// grow, they are added at the peaks of the residual before it begins.
    pub options: FitOptions,
    /// How often the picture is halved first; a pass over it is a quarter as much each time.
    pub halvings: u32,
    /// Whether the first Gaussians of a run are placed on the picture itself, whatever the size.
    pub placed_on_whole: bool,
    /// Steps of conjugate gradients on the colours before it begins.
    pub color_steps: usize,
    /// Whether Gaussians are placed afresh, as [`FitOptions::start`] says, whatever there was.
    pub fresh: bool,
}

impl Descent {
    /// A fit to the picture itself.
    pub fn new(options: FitOptions) -> Self {
        Self { options, halvings: 0, placed_on_whole: false, color_steps: 0, fresh: false }
    }
}

/// Splits `passes` in proportion to `parts`; what is rounded off one goes to the next.
pub fn shares(passes: u64, parts: &[f64]) -> Vec<u64> {
    let total: f64 = parts.iter().sum();
    let (mut sum, mut given) = (0.0, 0);
    let share = |part: &f64| {
        sum += part;
        let until = (passes as f64 * (sum / total)).round() as u64;
        let share = until.saturating_sub(given).min(passes - given);
        given += share;
        share
    };
    parts.iter().map(share).collect()
}
