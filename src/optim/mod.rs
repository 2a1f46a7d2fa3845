//! Optimizers: methods put together from small parts.
//!
//! | kind | what it does | where |
//! |---|---|---|
//! | rule | turns gradients into steps | [`rules`], most of them [`elementwise`] |
//! | transform | changes gradients before the rule | [`transforms`] |
//! | wrapper | works around the steps | [`wrappers`] |
//! | constraint | keeps parameters in a set | [`constraints`] |
//! | regularizer | adds a term to the loss | [`penalties`] |
//! | schedule | gives any number over the iterations | [`schedule`] |
//!
//! A [`Part`] says its name, source and settings, and how it is built; [`registry`] lists all of
//! them. A new part is one file in its folder and one line in that folder's list. A [`Method`] is
//! a text that names parts; [`OptimizerOptions`] adds their settings and builds an [`Optimizer`].
//!
//! The heart of it is optax's: a [`Transform`] maps updates to updates and keeps its own state; a
//! [`Chain`] applies several in order. What leaves the chain is the step itself, sign included,
//! in the coordinates of the parameterisation. Nothing here knows a picture or a backend.

pub mod arithmetic;
mod chain;
mod clock;
mod conjugate_gradients;
pub mod constraints;
pub mod elementwise;
mod gauss_newton;
mod groups;
mod line_search;
mod method;
pub(crate) mod names;
mod numbers;
mod optimizer;
mod options;
mod part;
pub mod penalties;
mod quasi_newton;
pub mod recording;
pub mod registry;
mod rows;
pub mod rules;
pub(crate) mod saved;
pub mod schedule;
mod step;
mod systematic;
pub mod transforms;
mod trust_region;
mod update_kernel;
mod value;
mod vectors;
pub mod wrappers;

pub use chain::Chain;
pub use clock::Clock;
pub use gauss_newton::GaussNewton;
pub use groups::{Group, Groups, PerGroup};
pub use line_search::{Backtracking, Trial};
pub use method::Method;
pub use numbers::Numbers;
pub use optimizer::Optimizer;
pub use options::{
    OptimizerOptions, check_setting, default_of, full_name, of_all_groups, owner, part_in,
};
pub use part::{Build, Kind, Needs, Part, Setting};
pub use quasi_newton::{CurvaturePair, QuasiNewton};
pub use rows::RowMap;
pub use rules::Lbfgs;
pub use step::{Flow, Products, Step, Transform};
pub use systematic::Chances;
pub use trust_region::TrustRegion;
pub use update_kernel::UpdateKernel;
pub use value::Value;
pub use wrappers::After;
