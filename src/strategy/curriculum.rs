//! Small pictures first, whatever the method.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::PART;
use super::leg::{Descent, Leg, Work};
use crate::error::{Error, Result};
use crate::image::Size;
use crate::optim::{Clock, Kind, Part, Value};

/// What the list says about it.
pub const PART_OF_LIST: Part = Part {
    name: "curriculum",
    kind: Kind::Schedule,
    help: "small pictures first: how often the picture is halved, by a schedule (--curriculum)",
    source: "Bengio et al. 2009; Burt and Adelson 1983",
    ..PART
};

/// Shorter side in pixels that no picture is halved below.
const LEAST_SIDE_PX: usize = 16;

/// Most halvings.
const MOST: f64 = 8.0;

/// How often the picture is halved, as a number over the passes; rounded, and 0 at the end.
///
/// A descent becomes one for each size, from the coarsest to the picture itself. Each begins with
/// an empty memory, and its schedules run over its own iterations. A pass over a picture of half
/// the size is a quarter of one. Searches, and descents that choose a size of their own, stay as
/// they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curriculum(Value);

impl Curriculum {
    /// A curriculum by a number or a schedule of halvings.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it does not end on the picture itself, or has more halvings than any
    /// picture.
    pub fn new(halvings: Value) -> Result<Self> {
        // Tables have iterations of their own.
        let end = 1_000_000_000;
        let at = |iteration| halvings.at(&Clock { iteration, iterations: end, losses: &[] });
        let [first, last] = [at(0), at(end)];
        let known = (0.0..=MOST).contains(&first);
        if known && (0.0..0.5).contains(&last) {
            return Ok(Self(halvings));
        }
        Err(Error::Invalid(format!(
            "a curriculum goes from at most {MOST} halvings to less than half a one, as in \
             \"exponential(1,0.02)\", not from {first} to {last}"
        )))
    }

    /// Halvings at each of `passes` passes.
    fn halvings(&self, pass: u64, passes: u64) -> u32 {
        let iterations = passes.saturating_sub(1).max(1);
        let value = self.0.at(&Clock { iteration: pass, iterations, losses: &[] });
        value.clamp(0.0, MOST).round() as u32
    }

    /// Checks the numbers again, of one that was read.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn check(&self) -> Result<()> {
        Self::new(self.0.clone()).map(|_| ())
    }

    /// Splits the descents among `legs` on a picture of `size` by the sizes of their passes.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the passes are over before the picture itself is reached.
    pub(super) fn split(&self, legs: Vec<Leg>, size: Size) -> Result<Vec<Leg>> {
        let total: u64 = legs.iter().map(|leg| leg.passes).sum();
        let side = size.width.min(size.height).max(1);
        let most = (side / LEAST_SIDE_PX).max(1).ilog2();
        let mut before = 0;
        let mut split = Vec::new();
        for leg in legs {
            let passes = before..before + leg.passes;
            before = passes.end;
            let descent = match leg.work {
                Work::Descent(descent) if descent.halvings == 0 => descent,
                work => {
                    split.push(Leg { passes: leg.passes, work });
                    continue;
                }
            };
            let mut pieces: Vec<(u32, u64)> = Vec::new();
            for pass in passes {
                let halvings = self.halvings(pass, total).min(most);
                match pieces.last_mut() {
                    Some((last, passes)) if *last == halvings => *passes += 1,
                    _ => pieces.push((halvings, 1)),
                }
            }
            for (index, (halvings, passes)) in pieces.into_iter().enumerate() {
                let mut piece = Descent { halvings, placed_on_whole: true, ..(*descent).clone() };
                // The sizes before are the coarse start.
                piece.options.coarse_iterations = 0;
                if index > 0 {
                    (piece.color_steps, piece.fresh) = (0, false);
                }
                split.push(Leg { passes, work: Work::descent(piece) });
            }
        }
        match split.last().map(|leg| &leg.work) {
            Some(Work::Descent(last)) if last.halvings > 0 => Err(Error::Invalid(format!(
                "the curriculum {self} has not come to the picture itself after {total} \
                 iterations"
            ))),
            _ => Ok(split),
        }
    }
}

impl Default for Curriculum {
    /// Half the size for somewhat more than a sixth of the passes.
    fn default() -> Self {
        let usual = "exponential(1,0.02)".parse().and_then(Self::new);
        usual.unwrap_or(Self(Value::Number(0.0)))
    }
}

impl FromStr for Curriculum {
    type Err = Error;

    /// From `on`, or a schedule of halvings such as `table(0=2,20=1,60=0)`.
    fn from_str(text: &str) -> Result<Self> {
        if text.trim() == "on" { Ok(Self::default()) } else { Self::new(text.parse()?) }
    }
}

impl Display for Curriculum {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
