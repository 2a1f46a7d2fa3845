//! Adaptive density control: where Gaussians are added, moved and taken away during a fit.
//!
//! Every decision weighs the same two figures, both in half the sum of squared differences: what
//! the picture loses with a Gaussian ([`costs`]), and what it gains with a new one ([`peaks`]).
//! Both are exact over the pixels they concern. Nothing here knows a backend; a fit brings the
//! residual.

mod atom;
pub mod controller;
pub mod costs;
mod deciders;
mod exchange;
mod features;
mod lifecycle;
mod merge;
mod options;
pub mod peaks;
mod places;
mod relocate;
mod rooms;
mod scene;
mod shape;
mod split;
mod stages;
mod territory;

pub use deciders::{DECIDERS, Decider};
pub use lifecycle::Lifecycle;
pub use options::{DensityOptions, Policy};
pub use relocate::{Plan, revise};
pub use scene::Scene;
pub use stages::{STAGES, Stage, Stages};
