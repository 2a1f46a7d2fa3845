//! How much there is to draw: what buffers have to hold, and how many workgroups it takes.

use super::capabilities::Tuning;
use super::kernels::{Kernel, Slot, record_vectors};
use super::layouts::{Counters, Frame};
use super::limits::{ENTRY_BYTES, LIST_BYTES, TILE_BYTES, partial_bytes, tiles};
use super::pass::Comparison;
use crate::backend::GEOMETRY_MOMENTS;
use crate::blend::Blend;
use crate::image::Size;

/// Numbers of splats and channels, and the size of what is drawn at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) splats: usize,
    pub(super) channels: usize,
    pub(super) size: Size,
}

impl Extent {
    /// Bytes of a buffer of a pass, where there are lists of `pairs`.
    pub(super) fn bytes(&self, slot: Slot, pairs: u32) -> u64 {
        let Self { channels, size, .. } = *self;
        let [across, down] = tiles(size);
        let (tiles, pairs) = (across * down, u64::from(pairs));
        let count = self.splats as u64;
        match slot {
            Slot::Frame => Frame::BYTES,
            Slot::Splats => 16 * count * record_vectors(channels) as u64,
            Slot::TileCounts => 4 * tiles,
            Slot::Counters => size_of::<Counters>() as u64,
            Slot::Ranges => 8 * count,
            Slot::Entries => ENTRY_BYTES * pairs,
            Slot::Offsets => 4 * (tiles + 1),
            Slot::Unsorted | Slot::List => LIST_BYTES * pairs,
            Slot::Picture | Slot::Target => 4 * (channels * size.pixels()) as u64,
            Slot::LossSums => TILE_BYTES * tiles,
            Slot::Partials => partial_bytes(channels) * pairs,
            Slot::Tangent | Slot::Moments => 4 * count * (channels + GEOMETRY_MOMENTS) as u64,
            // Those of a descent have sizes of their own.
            _ => 0,
        }
    }

    /// Workgroups of a kernel, across and down.
    pub(super) fn grid(
        &self,
        kernel: Kernel,
        tuning: &Tuning,
        limits: &wgpu::Limits,
        pairs: u32,
    ) -> [u32; 2] {
        let count = self.splats as u64;
        let items = match kernel {
            Kernel::Scan | Kernel::Judge { .. } | Kernel::Center => return [1, 1],
            Kernel::Emit | Kernel::Pack { .. } => count,
            Kernel::Place => u64::from(pairs),
            Kernel::Gather => count * (self.channels + GEOMETRY_MOMENTS) as u64,
            _ => return tiles(self.size).map(|count| count as u32),
        };
        linear_grid(items, kernel.workgroup(tuning), limits)
    }

    /// What every kernel knows about the pass.
    pub(super) fn frame(&self, capacity: u32, comparison: Option<Comparison<'_>>) -> Frame {
        let [across, down] = tiles(self.size);
        let (mut weight_l1, mut weight_l2, mut epsilon) = (0.0, 0.0, 0.0);
        if let Some(Comparison { target, loss, blend }) = comparison {
            let count = target.data().len() as f32;
            weight_l1 = loss.l1 / count;
            weight_l2 = 2.0 * loss.l2 / count;
            if let Blend::Normalized { epsilon: added } = blend {
                epsilon = added;
            }
        }
        Frame {
            width: self.size.width as u32,
            height: self.size.height as u32,
            tiles_x: across as u32,
            tiles: (across * down) as u32,
            splats: self.splats as u32,
            capacity,
            weight_l1,
            weight_l2,
            epsilon,
        }
    }
}

/// Workgroups for one invocation per item: more than one dimension holds are folded into a second.
pub(super) fn linear_grid(items: u64, workgroup: u32, limits: &wgpu::Limits) -> [u32; 2] {
    let groups = items.div_ceil(u64::from(workgroup));
    let across = groups.min(u64::from(limits.max_compute_workgroups_per_dimension));
    [across as u32, groups.div_ceil(across.max(1)) as u32]
}
