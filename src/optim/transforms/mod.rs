//! Gradient transforms: what gradients go through before the update rule. One file each, and one
//! line in [`ALL`].

mod accumulate;
mod centralize;
mod clip_adaptive;
mod clip_norm;
mod clip_value;
mod freeze;
pub(super) mod learning_rate;
mod loss_scale;
mod mask;
mod natural_cg;
mod natural_diagonal;
mod natural_gradient;
mod noise;
mod stateless;
pub(super) mod sums;
pub(super) mod trust_ratio;
pub(super) mod weight_decay;
mod zero_small;

pub use mask::RowMask;

use super::part::{Kind, Part};

/// All gradient transforms.
pub const ALL: &[&Part] = &[
    &clip_value::PART,
    &clip_norm::L1,
    &clip_norm::L2,
    &clip_adaptive::PART,
    &zero_small::PART,
    &centralize::PART,
    &noise::PART,
    &freeze::PART,
    &accumulate::PART,
    &loss_scale::PART,
    &natural_gradient::PART,
    &natural_diagonal::PART,
    &natural_cg::PART,
];

/// Transforms have nothing in common but their kind.
const TRANSFORM: Part = Part { kind: Kind::Transform, ..Part::EMPTY };
