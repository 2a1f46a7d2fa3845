//! The last search: Gaussians take their places on the lattice group by group.
//!
//! What rounding does to the picture, those that are not rounded yet make good in a short refit:
//! rounding with feedback, as the weights of networks are quantised (OPTQ; Frantar et al. 2022).

use std::sync::Arc;

use super::base_layer::without;
use super::encoder::{Encoder, drawn};
use crate::codec::coded::Coded;
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::optim::RowMap;

impl Encoder<'_> {
    /// Gaussians quantised group by group, and searched all together.
    pub(super) fn settle(&mut self, gaussians: Gaussians) -> Result<Coded> {
        let whole = Arc::clone(&self.rest);
        let mut free = gaussians;
        let mut settled = Vec::new();
        let groups = if self.parts.groups { self.effort.groups as u32 } else { 1 };
        for groups in (2..=groups).rev() {
            if self.course.is_over() {
                break;
            }
            let stays: Vec<bool> = (0..free.len() as u32)
                .map(|index| !scattered(index).is_multiple_of(groups))
                .collect();
            let mut group = free.clone();
            group.retain(&stays.iter().map(|stays| !stays).collect::<Vec<_>>());
            free.retain(&stays);

            let wanted = Arc::clone(&self.rest);
            self.rest = without(self.backend, &wanted, &free)?;
            let nearest = self.nearest(&group).into_iter().flatten().collect();
            let mut search = self.begin_search(nearest, settled.len() + free.len())?;
            if self.parts.search {
                search.sweep();
            }
            let (atoms, _) = search.into_atoms();
            let drawn = drawn(self.coded(atoms.clone()));
            self.rest = without(self.backend, &wanted, &drawn)?;
            settled.extend(atoms);

            self.rows.retain(&stays);
            free = self.refit(free, self.effort.group_iterations)?;
        }
        self.rest = whole;
        settled.extend(self.nearest(&free).into_iter().flatten());
        // What was learnt of the curvature is about those of the last group only.
        self.optimizer = None;
        self.rows = RowMap::identity(settled.len());
        self.swept(settled, self.effort.last_sweeps)
    }
}

/// A number as another one that looks random: neighbours in memory are often neighbours in the
/// picture.
fn scattered(index: u32) -> u32 {
    index.wrapping_mul(0x9E37_79B1) >> 16
}
