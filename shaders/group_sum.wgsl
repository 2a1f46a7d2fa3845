// Sums over all Gaussians, first half: every workgroup leaves the sum of its lanes. A kernel of one
// workgroup adds them up.

var<private> own: vec4f;

fn term(lane: u32) -> vec4f {
    return own;
}

// To be called by all lanes.
fn leave_sum(lane: u32, workgroup: u32, value: vec4f) {
    own = value;
    let sum = sum_of_terms(lane, ${WORKGROUP}u);
    if (lane == 0u && workgroup * ${WORKGROUP}u < frame.splats) {
        group_sums[workgroup] = sum;
    }
}
