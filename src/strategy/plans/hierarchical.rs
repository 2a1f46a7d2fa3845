//! A few Gaussians first, then more and more.

use crate::density::DensityOptions;
use crate::error::Result;
use crate::optim::{Clock, Part, Setting};
use crate::strategy::{Brief, Descent, Leg, Strategy, Work, shares};

/// Levels of growing numbers of Gaussians: a tenth, a half, all of them. New ones stand at the
/// peaks of what the last level left.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "hierarchical",
        help: "fits a few Gaussians, then adds more in levels (100, 500, 1000)",
        source: "coarse-to-fine growth; matching pursuit, Mallat and Zhang 1993",
        settings: &[
            Setting::new("levels", "number of levels", 3.0, [1.0, 100.0]),
            Setting::new(
                "share",
                "share of the Gaussians in the first level; later ones have at least their even \
                 share. A table over the levels gives all: table(0=0.1,1=0.5,2=1)",
                0.1,
                [0.0, 1.0],
            ),
        ],
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let levels = brief.number(0).round() as u64;
    let wanted: Vec<f64> = (0..levels).map(|level| share(brief, level, levels)).collect();
    // A level costs in proportion to its Gaussians; each gets as much time.
    let passes = shares(brief.passes, &vec![1.0; wanted.len()]);
    let leg = |(passes, share): (u64, f64)| {
        let mut options = brief.options(brief.best_rule());
        options.density = DensityOptions::FIXED;
        let count = (brief.fit.gaussians as f64 * share).round() as usize;
        options.gaussians = count.clamp(1, brief.fit.gaussians.max(1));
        Leg { passes, work: Work::descent(Descent::new(options)) }
    };
    Ok(passes.into_iter().zip(wanted).map(leg).collect())
}

/// Share of the Gaussians that a level has; the last has all.
fn share(brief: &Brief<'_>, level: u64, levels: u64) -> f64 {
    if level + 1 == levels {
        return 1.0;
    }
    let clock = Clock { iteration: level, iterations: levels - 1, losses: &[] };
    let even = level as f64 / (levels - 1) as f64;
    match brief.numbers.value(1) {
        crate::optim::Value::Number(first) => first.max(even),
        schedule => schedule.at(&clock),
    }
}
