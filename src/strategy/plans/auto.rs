//! The pipeline that measurement says is best.

use std::ops::Range;

use crate::error::Result;
use crate::fit::{detail, recipe};
use crate::optim::Part;
use crate::strategy::{Brief, Descent, Leg, Strategy, Work};

use super::coarse_to_polish;

/// Chooses by Gaussians, picture and budget. The evidence stands in `docs/STRATEGIES.md`.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "auto",
        help: "what measurement says is best for Gaussians, picture and iterations",
        source: "docs/STRATEGIES.md",
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

/// Iterations with which four stages are better than growth, on pictures that have more detail
/// than the Gaussians can draw: by 0.1 dB with 30 and 0.2 dB with 50. Smooth pictures lose.
const STAGES: Range<u64> = 25..80;

/// PSNR in dB that asks for more Gaussians than there are where a picture has much detail.
const DETAIL_DB: f64 = 36.0;

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let detailed = || detail::gaussians_for(brief.target, DETAIL_DB) > brief.fit.gaussians;
    if brief.first && STAGES.contains(&brief.passes) && detailed() {
        return brief.plan_of(&coarse_to_polish::STRATEGY);
    }
    let mut options = brief.options("lbfgs");
    options.stop.iterations = brief.passes;
    // The blend is the run's: all stages draw alike.
    let (blend, patience) = (options.blend, options.stop.patience);
    recipe::apply(&mut options);
    (options.blend, options.stop.patience) = (blend, patience);
    Ok(vec![Leg { passes: brief.passes, work: Work::descent(Descent::new(options)) }])
}
