//! Kernels one after the other, with their times where they are to be taken.

use wgpu::{BindGroup, CommandEncoder, ComputePassDescriptor, ComputePipeline};

use super::timestamps::Timestamps;

/// A kernel that is ready to run.
pub(super) struct Dispatch<'a> {
    /// Name of the stage that it is.
    pub(super) stage: &'static str,
    pub(super) pipeline: &'a ComputePipeline,
    pub(super) group: &'a BindGroup,
    /// Workgroups across and down.
    pub(super) grid: [u32; 2],
}

/// Encodes kernels: all in one compute pass, or each in its own where times are to be taken,
/// because they are taken around compute passes.
pub(super) fn encode(
    encoder: &mut CommandEncoder,
    dispatches: &[Dispatch<'_>],
    timestamps: Option<&Timestamps>,
) {
    let together = if timestamps.is_some() { 1 } else { dispatches.len().max(1) };
    for (index, dispatches) in dispatches.chunks(together).enumerate() {
        let timestamp_writes = timestamps.map(|timestamps| timestamps.around(index));
        let descriptor = ComputePassDescriptor { label: None, timestamp_writes };
        let mut compute = encoder.begin_compute_pass(&descriptor);
        for dispatch in dispatches.iter().filter(|dispatch| !dispatch.grid.contains(&0)) {
            let [x, y] = dispatch.grid;
            compute.set_pipeline(dispatch.pipeline);
            compute.set_bind_group(0, dispatch.group, &[]);
            compute.dispatch_workgroups(x, y, 1);
        }
    }
}
