//! Small networks and how they are trained, for everything in this crate that was learned.
//!
//! A network is a flat list of weights and layers that read their part of it: [`Dense`] and
//! [`GatedCell`], and [`SequenceNetwork`] of both. A [`Weights`] file carries the list with its kind and a checksum. Two trainers
//! fill it: [`Evolution`] from losses alone, [`PolicyGradient`] from rewards of decisions.
//!
//! The networks have some hundred weights, and what is differentiated is a whole fit of 50 to 250
//! passes. Backpropagation through that would have to keep every picture of the fit, and its
//! gradients explode (Metz et al. 2019, arXiv:1810.10180). Evolution strategies ask for nothing
//! but the loss at the end, so that no automatic differentiation is needed for training, and no
//! library for inference. Nothing here knows Gaussians.

mod dense;
mod evolution;
mod gated_cell;
mod meta;
mod policy_gradient;
mod sequence;
mod weights;

pub use dense::{Dense, Lanes};
pub use evolution::{Evolution, EvolutionOptions, Generation};
pub use gated_cell::{GatedCell, Passed};
pub use policy_gradient::{PolicyGradient, PolicyGradientOptions, StochasticPolicy};
pub use sequence::SequenceNetwork;
pub use weights::Weights;
