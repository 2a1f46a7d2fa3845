// The centre of gravity of all Gaussians: one workgroup.

fn term(row: u32) -> vec4f {
    return vec4f(mean_of(row), 0.0, 0.0);
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let sum = sum_of_terms(lane, frame.splats);
    if (lane == 0u) {
        let center = sum.xy / max(f32(frame.splats), 1.0);
        status.center_x_px = center.x;
        status.center_y_px = center.y;
    }
}
