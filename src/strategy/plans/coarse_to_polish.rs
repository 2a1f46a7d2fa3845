//! Four stages: coarse, middle, fine, polish.

use crate::density::DensityOptions;
use crate::error::Result;
use crate::fit::recipe;
use crate::optim::{Part, Setting};
use crate::strategy::{Brief, Descent, Leg, Strategy, Work, shares};

/// A quarter of the Gaussians on a picture of a quarter of the size, half of them at half the
/// size, all of them on the picture itself, where they still move about, and a polish in which
/// none comes or goes.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "coarse-to-polish",
        help: "four stages: quarter size, half size, all Gaussians with relocation, polish",
        source: "coarse-to-fine pyramids, Burt and Adelson 1983",
        settings: &[
            Setting::amount("coarse", "share of the passes at a quarter of the size", 0.05),
            Setting::amount("middle", "share at half the size", 0.15),
            Setting::amount("fine", "share at full size, with relocation", 0.5),
            Setting::amount("polish", "share of the end", 0.3),
        ],
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

/// How often each stage's picture is halved, and its share of the Gaussians.
const STAGES: [(u32, f64); 4] = [(2, 0.25), (1, 0.5), (0, 1.0), (0, 1.0)];

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let parts: Vec<f64> = (0..STAGES.len()).map(|index| brief.number(index)).collect();
    let passes = shares(brief.passes, &parts);
    let leg = |(index, passes): (usize, u64)| {
        let (halvings, share) = STAGES[index];
        let mut options = brief.options(brief.best_rule());
        // The first stage is the coarse start.
        options.coarse_iterations = 0;
        options.gaussians = ((brief.fit.gaussians as f64 * share).round() as usize).max(1);
        options.density = match index {
            2 => recipe::density(passes),
            _ => DensityOptions::FIXED,
        };
        let descent = Descent { halvings, ..Descent::new(options) };
        Leg { passes, work: Work::descent(descent) }
    };
    Ok(passes.into_iter().enumerate().map(leg).collect())
}
