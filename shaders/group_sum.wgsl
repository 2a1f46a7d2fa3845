// Sums over all Gaussians, first half: every workgroup leaves the sum of its lanes. A kernel of one
// workgroup adds them up.

// Lanes that one lane sums.
const LANES_EACH = 8u;

var<workgroup> lane_sums: array<vec4f, ${WORKGROUP}>;

// To be called by all lanes. In two steps, with fewer barriers than a tree; always in the same order.
fn leave_sum(lane: u32, workgroup: u32, value: vec4f) {
    lane_sums[lane] = value;
    workgroupBarrier();
    var sum = vec4f(0.0);
    if (lane % LANES_EACH == 0u) {
        for (var other = lane; other < min(lane + LANES_EACH, ${WORKGROUP}u); other++) {
            sum += lane_sums[other];
        }
    }
    workgroupBarrier();
    lane_sums[lane] = sum;
    workgroupBarrier();
    if (lane > 0u || workgroup * ${WORKGROUP}u >= frame.splats) {
        return;
    }
    for (var first = LANES_EACH; first < ${WORKGROUP}u; first += LANES_EACH) {
        sum += lane_sums[first];
    }
    group_sums[workgroup] = sum;
}
