// The centre of gravity of all Gaussians: one workgroup, summed as a tree.

var<workgroup> sums: array<vec2f, ${WORKGROUP}>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let run = (frame.splats + ${WORKGROUP}u - 1u) / ${WORKGROUP}u;
    let first = min(lane * run, frame.splats);
    let end = min(first + run, frame.splats);
    var sum = vec2f(0.0);
    for (var row = first; row < end; row++) {
        sum += mean_of(row);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var other = ${WORKGROUP}u / 2u; other > 0u; other >>= 1u) {
        if (lane < other) {
            sums[lane] += sums[lane + other];
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        let center = sums[0] / max(f32(frame.splats), 1.0);
        status.center_x_px = center.x;
        status.center_y_px = center.y;
    }
}
