//! Plain descent.

use super::PROPORTIONAL;
use crate::optim::part::Part;

/// Steps in proportion to the gradient.
pub const PART: Part = Part {
    name: "sgd",
    help: "steps in proportion to the gradient",
    source: "Cauchy 1847; Robbins and Monro 1951",
    rate: 0.05,
    needs: PROPORTIONAL,
    ..Part::EMPTY
};
