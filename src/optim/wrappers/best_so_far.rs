//! Back to the best state where the loss has not fallen for long.

use super::{After, WRAPPER, Wrapper};
use crate::gaussians::Gaussians;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Part, Setting};

/// Goes back to the best state of the run when none of the last `patience` was better. The result
/// of a fit is its best state in any case.
pub const PART: Part = Part {
    name: "best-so-far",
    help: "goes back to the best state when no better one has come for long",
    source: "Prechelt 1998",
    settings: &[Setting::iterations("patience", "iterations without a better state", 10.0)],
    build: Build::Wrapper(|numbers| Box::new(BestSoFar { numbers: numbers.clone() })),
    ..WRAPPER
};

/// See [`PART`].
struct BestSoFar {
    numbers: Numbers,
}

impl Wrapper for BestSoFar {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn after(&mut self, gaussians: &mut Gaussians, after: &After<'_>) -> bool {
        let Some((best, least)) = after.best else { return false };
        let patience = self.numbers.count(0) as usize;
        let losses = after.clock.losses;
        // Gaussians may have come or gone since, and be told apart no more.
        if best.len() != gaussians.len() || losses.len() <= patience {
            return false;
        }
        // Every so many states, for the way back to be gone once.
        let stuck = losses[losses.len() - patience..].iter().all(|loss| *loss > least);
        if !stuck || !losses.len().is_multiple_of(patience) {
            return false;
        }
        gaussians.clone_from(best);
        true
    }
}
