//! Alternating least squares: colours exactly, geometry by descent.

use super::block_coordinate::frozen;
use crate::error::Result;
use crate::optim::{Group, Part, Setting};
use crate::strategy::{Brief, Leg, Strategy, Work};

/// The picture is linear in the colours: they are solved by conjugate gradients on the normal
/// equations, and positions and shapes go down by the best rule until the next solve.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "alternating",
        help: "colours by least squares, positions and shapes by descent, in turn",
        source: "alternating least squares; separable least squares, Golub and Pereyra 1973",
        settings: &[
            Setting::iterations("turn", "passes of one round, the colours' own among them", 20.0),
            Setting::new("steps", "steps of conjugate gradients on the colours", 4.0, [0.0, 1e3]),
        ],
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let steps = brief.number(1).round() as u64;
    // A step is a derivative and a gradient, as is what comes before the first: a pass each.
    let solve = if steps == 0 { 0 } else { steps + 1 };
    let turn = (brief.number(0).round() as u64).max(solve + 2);
    let mut left = brief.passes;
    let mut legs = Vec::new();
    while left > 0 {
        let passes = if left < turn + solve + 2 { left } else { turn };
        let mut descent = frozen(brief, &[Group::Position, Group::Shape]);
        // The start has had its colours solved, and the end may be too near for another round.
        let solves = !(legs.is_empty() && brief.first) && passes > solve + 1;
        descent.color_steps = if solves { steps as usize } else { 0 };
        left -= passes;
        legs.push(Leg { passes, work: Work::descent(descent) });
    }
    Ok(legs)
}
