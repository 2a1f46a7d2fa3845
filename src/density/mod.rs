//! Adaptive density control: where Gaussians are added, moved and taken away during a fit.
//!
//! Every decision weighs the same two figures, both in half the sum of squared differences: what
//! the picture loses with a Gaussian ([`costs`]), and what it gains with a new one ([`peaks`]).
//! Nothing here knows a backend; a fit brings the residual and the moments.

mod atom;
pub mod costs;
mod options;
pub mod peaks;
mod probe;
mod pyramid;
mod relocate;

pub use options::DensityOptions;
pub use relocate::{Plan, Scene, revise};
