//! Adam whose rates follow the size of the parameters.

use super::adam::Adam;
use super::{BETA1, BETA2, DECAY, EPSILON, VALUES};
use crate::optim::elementwise::each_number;
use crate::optim::part::{Build, Part, Setting};
use crate::optim::transforms::{trust_ratio, weight_decay};

/// LAMB (algorithm 2): Adam's step of each group, with its weight decay, scaled to the norm of
/// the group's parameters.
pub const PART: Part = Part {
    name: "lamb",
    help: "Adam's step scaled to the norm of each group's parameters",
    source: "You et al. 2020, arXiv:1904.00962",
    settings: &[
        BETA1,
        BETA2,
        EPSILON,
        DECAY,
        Setting::amount("trust", "share of the parameters' norm that is a unit step", 1.0),
        Setting::amount("ratio-max", "largest factor on the step; 0 for none", 1.0),
    ],
    needs: VALUES,
    build: Build::Links(|numbers| {
        vec![
            each_number::<Adam, 2, 5>(numbers),
            weight_decay::link(numbers, 3),
            trust_ratio::link(numbers, 4),
        ]
    }),
    ..Part::EMPTY
};
