// Sums the partial moments of every splat: one invocation per number.
//
// The slots of a splat are consecutive and in the order of its tiles. Blocks are summed first, then
// their sums: a splat that covers the picture keeps its precision.

const BLOCK = 64u;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let index = id.x + id.y * groups.x * ${WORKGROUP}u;
    if (index >= frame.splats * ${MOMENTS}u) {
        return;
    }
    let range = ranges[index / ${MOMENTS}u];
    let moment = index % ${MOMENTS}u;
    let end = range.x + range.y;
    var sum = 0.0;
    for (var block = range.x; block < end; block += BLOCK) {
        var block_sum = 0.0;
        for (var slot = block; slot < min(block + BLOCK, end); slot++) {
            block_sum += partials[slot * ${PARTIAL}u * 4u + moment];
        }
        sum += block_sum;
    }
    moments[index] = sum;
}
