//! Positions, shapes and colours in turn.

use crate::density::DensityOptions;
use crate::error::Result;
use crate::optim::{Group, Part, Setting};
use crate::strategy::{Brief, Descent, Leg, Strategy, Work};

/// Block coordinate descent: each group of parameters goes down by itself while the others are
/// frozen, by the best rule behind `freeze`.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "block-coordinate",
        help: "positions, shapes and colours in turn, the others frozen",
        source: "block coordinate descent, Tseng 2001",
        settings: &[Setting::iterations("turn", "passes of one group before the next", 10.0)],
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let turn = brief.number(0).round() as u64;
    let mut left = brief.passes;
    let mut legs = Vec::new();
    for group in Group::ALL.into_iter().cycle() {
        if left == 0 {
            break;
        }
        // No leg is so short that it could make no step.
        let passes = if left < turn + 2 { left } else { turn };
        left -= passes;
        legs.push(Leg { passes, work: Work::descent(frozen(brief, &[group])) });
    }
    Ok(legs)
}

/// A descent of some groups alone.
pub(super) fn frozen(brief: &Brief<'_>, free: &[Group]) -> Descent {
    let mut options = brief.options(&format!("freeze,{}", brief.best_rule()));
    options.density = DensityOptions::FIXED;
    for group in free {
        options.optimizer.settings.insert(format!("{}.freeze.weight", group.name()), 1.0.into());
    }
    Descent::new(options)
}
