//! Fitting: Gaussians, a backend, a loss and an optimizer joined in a loop.
//!
//! The caller owns the loop, so that it can draw a progress bar, write checkpoints or stop:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use lgi::{backend::cpu::Cpu, fit::{FitOptions, Fitter}, image::{Image, Size}};
//! # fn main() -> lgi::Result<()> {
//! let target = Arc::new(Image::zeros(Size::new(64, 64), 3));
//! let mut backend = Cpu::new();
//! let mut fitter = Fitter::new(&mut backend, target, FitOptions::default())?;
//! while fitter.step()?.stop.is_none() {}
//! let best = &fitter.best().gaussians;
//! # Ok(())
//! # }
//! ```

mod batch;
mod best_state;
mod burst;
mod checkpoint;
mod coarse;
mod count_search;
mod curvature;
pub mod detail;
mod fitter;
mod mask;
mod options;
mod parameters;
mod placement;
mod progress;
mod quality;
mod quasi_newton;
mod rate_penalty;
pub mod recipe;
mod record;
mod rest;
mod revision;
mod search;
mod shapes;
mod state;
mod time_budget;
mod update;
mod wrapped;

pub use checkpoint::{Checkpoint, PACKED, PictureId};
pub(crate) use checkpoint::{parse_version, read_with, write_json};
pub use count_search::{CountSearch, Verdict};
pub use fitter::Fitter;
pub use mask::Mask;
pub use options::{FitOptions, StopRules};
pub use placement::Placement;
pub use progress::{Details, Progress, StopReason};
pub use quality::Quality;
pub use rate_penalty::RatePenalty;
pub use record::{RECORD_COLUMNS, record};
pub use rest::Rest;
pub use state::Best;
pub use time_budget::iterations_within;
