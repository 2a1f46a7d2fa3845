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
        let groups = if self.parts.groups { self.effort.groups } else { 1 };
        for groups in (2..=groups).rev() {
            if self.course.is_over() {
                break;
            }
            let stays = larger_ones(&free, groups);
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

/// All but the smallest of `groups` groups: what these do to the picture, larger ones can make good.
fn larger_ones(gaussians: &Gaussians, groups: usize) -> Vec<bool> {
    let area = |index: usize| {
        let [a, b, c, d] = gaussians.factor_px[index];
        (a * d - b * c).abs()
    };
    let mut by_area: Vec<usize> = (0..gaussians.len()).collect();
    by_area.sort_by(|a, b| area(*a).total_cmp(&area(*b)).then(a.cmp(b)));
    let mut stays = vec![true; gaussians.len()];
    for index in &by_area[..gaussians.len() / groups] {
        stays[*index] = false;
    }
    stays
}
