//! Momentum whose rates follow the size of the parameters.

use super::momentum::{BETA, Momentum};
use super::{DECAY, VALUES};
use crate::optim::elementwise::each_number;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::transforms::{trust_ratio, weight_decay};

/// Layer-wise adaptive rate scaling (algorithm 1): the gradient of each group, with its weight
/// decay, is scaled to a share of the norm of the group's parameters, and goes into momentum.
pub const PART: Part = Part {
    name: "lars",
    help: "momentum of gradients scaled to the norm of each group's parameters",
    source: "You et al. 2017, arXiv:1708.03888",
    settings: &[
        BETA.with_default(0.9),
        DECAY.with_default(0.0),
        Setting::amount("trust", "share of the parameters' norm that is a unit step", 0.001),
        Setting::amount("ratio-max", "largest factor on the gradient; 0 for none", 0.0),
    ],
    rate: 10.0,
    needs: VALUES,
    build: Build::Links(|numbers| {
        vec![
            weight_decay::link(numbers, 1),
            trust_ratio::link(numbers, 2),
            each_number::<Momentum, 1, 1>(numbers),
        ]
    }),
    ..Part::EMPTY
};
