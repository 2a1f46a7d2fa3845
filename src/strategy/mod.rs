//! Strategies: what stands above a single descent. Searches without gradients, fits that follow
//! each other, and pipelines of any of them.
//!
//! A [`Strategy`] turns a number of passes into [`Leg`]s: descents ([`crate::fit::Fitter`], each
//! with options of its own) and searches ([`Search`]: ask for Gaussians, be told what they draw).
//! Each leg takes Gaussians and gives Gaussians, so that any can follow any. A [`Pipeline`] such
//! as `cmaes:20+lbfgs:200` joins strategies and methods; a [`Run`] walks along all legs, counts
//! their passes, keeps the best state, and can be stopped and gone on with anywhere.
//!
//! | what | where |
//! |---|---|
//! | strategies made of descents | [`plans`] |
//! | strategies that search | [`searches`] |
//!
//! A new strategy is one file in either folder and one line in its list. Its numbers are
//! [`crate::optim::Setting`]s like those of a method's parts.

mod blocks;
mod brief;
mod checkpoint;
mod curriculum;
mod engine;
mod evolution;
mod leg;
mod moves;
mod options;
mod pipeline;
pub mod plans;
mod run;
mod search;
pub mod searches;
mod seeker;

pub use blocks::{Block, Blocks};
pub use brief::Brief;
pub use checkpoint::RunCheckpoint;
pub use curriculum::{Curriculum, PART_OF_LIST as CURRICULUM};
pub use evolution::{Evolution, Population};
pub use leg::{Descent, Leg, Work, shares};
pub use options::RunOptions;
pub use pipeline::{Pipeline, Stage};
pub use run::Run;
pub use search::{Ground, Search, Tried};

use crate::error::{Error, Result};
use crate::optim::registry::{self, ALIASES};
use crate::optim::{Build, Kind, Part, names};

/// A way to search, and what the command line says about it.
#[derive(Clone, Copy, Debug)]
pub struct Strategy {
    /// Name, help, source and numbers.
    pub part: Part,
    /// Whether it descends by the best rule for the coordinates, whose numbers can be set too.
    pub descends: bool,
    /// What it does in so many passes. The passes of the legs add up to those of the brief.
    pub plan: fn(&Brief<'_>) -> Result<Vec<Leg>>,
}

/// The strategy that is the presets' own method, as long as nothing better is known: blend and all
/// else are chosen as for them.
pub const AUTO: &str = plans::AUTO.part.name;

/// What all strategies have in common.
const PART: Part = Part { kind: Kind::Strategy, build: Build::Strategy, ..Part::EMPTY };

/// Every strategy.
pub fn all() -> impl Iterator<Item = &'static Strategy> {
    plans::ALL.iter().chain(searches::ALL).copied()
}

/// Says that nothing that `lgi methods` lists is called `name`, and lists near names.
pub fn unknown(name: &str) -> Error {
    let aliases = ALIASES.iter().map(|alias| alias.name);
    let parts = registry::parts().map(|part| part.name).chain(aliases);
    names::unknown("method", name, parts.chain(all().map(|strategy| strategy.part.name)))
}

/// The strategy called `name`, if there is one.
pub fn named(name: &str) -> Option<&'static Strategy> {
    all().find(|strategy| strategy.part.name == name)
}
