// Sums over all Gaussians, second half: the sums of the workgroups before, by one workgroup.

fn term(workgroup: u32) -> vec4f {
    return group_sums[workgroup];
}

fn total_of_groups(lane: u32) -> vec4f {
    return sum_of_terms(lane, (frame.splats + ${LINEAR}u - 1u) / ${LINEAR}u);
}
