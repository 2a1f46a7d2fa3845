//! A start that spreads the Gaussians over the detail at the least cost, then descent.

use crate::error::Result;
use crate::init::{Initializer, Sinkhorn};
use crate::optim::Part;
use crate::strategy::{Brief, Leg, Strategy, Work};

/// Places all Gaussians by the initialiser `sinkhorn`, and goes down from there.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "optimal-transport",
        help: "entropic optimal transport of the Gaussians to the detail, then descent",
        source: "Cuturi 2013; Schmitzer 2019",
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let mut leg = brief.descent(brief.passes);
    if let Work::Descent(descent) = &mut leg.work {
        descent.options.start = Sinkhorn::USUAL.name().into();
        descent.fresh = true;
    }
    Ok(vec![leg])
}
