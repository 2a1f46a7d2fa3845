//! Adaptive density control: where Gaussians are added, moved and taken away during a fit.
//!
//! Every decision weighs the same two figures, both in half the sum of squared differences: what
//! the picture loses with a Gaussian ([`costs`]), and what it gains with a new one ([`peaks`]).
//! Both are exact over the pixels they concern. Nothing here knows a backend; a fit brings the
//! residual.

mod atom;
pub mod costs;
mod exchange;
mod merge;
mod options;
pub mod peaks;
mod places;
mod relocate;
mod rooms;
mod scene;
mod shape;
mod split;
mod territory;

pub use options::DensityOptions;
pub use relocate::{Plan, revise};
pub use scene::Scene;
