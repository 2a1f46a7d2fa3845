//! The pipeline that measurement says is best.

use crate::error::Result;
use crate::fit::recipe;
use crate::optim::Part;
use crate::strategy::{Brief, Descent, Leg, Strategy, Work};

/// Chooses by Gaussians, picture and budget. The evidence stands in `docs/STRATEGIES.md`.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "auto",
        help: "what measurement says is best for Gaussians, picture and iterations",
        source: "-",
        ..crate::strategy::PART
    },
    within: "lbfgs",
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let mut options = brief.options("lbfgs");
    options.stop.iterations = brief.passes;
    // The blend is the run's: all stages draw alike.
    let (blend, patience) = (options.blend, options.stop.patience);
    recipe::apply(&mut options);
    (options.blend, options.stop.patience) = (blend, patience);
    Ok(vec![Leg { passes: brief.passes, work: Work::descent(Descent::new(options)) }])
}
