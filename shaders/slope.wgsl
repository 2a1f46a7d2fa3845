// The slope of the step that is tried: one workgroup.

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let sum = total_of_groups(lane);
    if (lane == 0u && is_moving()) {
        search.slope = sum.x;
    }
}
