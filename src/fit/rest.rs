//! What stays as it is during a fit: groups of parameters, and Gaussians by a mask.

use serde::{Deserialize, Serialize};

use super::Mask;
use crate::gaussians::Gaussians;
use crate::optim::{Groups, PerGroup};

/// What a fit leaves as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// Groups of parameters that rest.
    pub groups: PerGroup<bool>,
    /// Gaussians whose centre lies on black rest.
    pub mask: Option<Mask>,
}

impl Rest {
    /// Whether everything moves.
    pub fn is_empty(&self) -> bool {
        self.mask.is_none() && self.groups.iter().all(|(_, rests)| !rests)
    }

    /// Zeroes the gradients of what rests.
    pub(super) fn still(&self, gaussians: &Gaussians, gradient: &mut Groups) {
        for (group, values) in gradient.iter_mut() {
            if *self.groups.get(group) {
                values.fill(0.0);
            }
        }
        let Some(mask) = &self.mask else { return };
        let black = mask.are_black(&gaussians.mean_px);
        for (_, values) in gradient.iter_mut() {
            let width = (values.len() / black.len().max(1)).max(1);
            let rows = values.chunks_exact_mut(width).zip(&black);
            rows.filter(|(_, black)| **black).for_each(|(row, _)| row.fill(0.0));
        }
    }

    /// Gives what rests the values that it had `before` a step: memories of earlier steps and
    /// whatever works around a step would move it.
    pub(super) fn restore(&self, before: &Gaussians, gaussians: &mut Gaussians) {
        let PerGroup { position, shape, color } = self.groups;
        if position {
            gaussians.mean_px.clone_from(&before.mean_px);
        }
        if shape {
            gaussians.factor_px.clone_from(&before.factor_px);
        }
        if color {
            gaussians.color.clone_from(&before.color);
        }
        let Some(mask) = &self.mask else { return };
        for (row, _) in mask.are_black(&before.mean_px).iter().enumerate().filter(|(_, b)| **b) {
            gaussians.mean_px[row] = before.mean_px[row];
            gaussians.factor_px[row] = before.factor_px[row];
            gaussians.color_of_mut(row).copy_from_slice(before.color_of(row));
        }
    }
}
