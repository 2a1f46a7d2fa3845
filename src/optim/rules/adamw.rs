//! Adam with weight decay beside the gradient.

use super::adam::Adam;
use super::{BETA1, BETA2, DECAY, EPSILON, VALUES};
use crate::optim::elementwise::each_number;
use crate::optim::part::{Build, Part};
use crate::optim::transforms::weight_decay;

/// Adam with decoupled weight decay (algorithm 2).
pub const PART: Part = Part {
    name: "adamw",
    help: "Adam with decoupled weight decay",
    source: "Loshchilov and Hutter 2019, arXiv:1711.05101",
    settings: &[BETA1, BETA2, EPSILON, DECAY],
    needs: VALUES,
    build: Build::Links(|numbers| {
        vec![each_number::<Adam, 2, 5>(numbers), weight_decay::link(numbers, 3)]
    }),
    ..Part::EMPTY
};
