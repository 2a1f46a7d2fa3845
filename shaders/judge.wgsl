// Adds up the loss, writes it down, and says whether the state is the best so far: one workgroup.
//
// Every lane sums a run of tiles, then the lanes are summed as a tree: the same order each time.

var<workgroup> sums: array<vec4f, ${WORKGROUP}>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let run = (frame.tiles + ${WORKGROUP}u - 1u) / ${WORKGROUP}u;
    let first = min(lane * run, frame.tiles);
    let end = min(first + run, frame.tiles);
    var sum = vec4f(0.0);
    for (var tile = first; tile < end; tile++) {
        sum += loss_sums[tile];
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var other = ${WORKGROUP}u / 2u; other > 0u; other >>= 1u) {
        if (lane < other) {
            sums[lane] += sums[lane + other];
        }
        workgroupBarrier();
    }

    if (lane > 0u || status.halted > 0u) {
        return;
    }
    status.improved = 0u;
    // What came before must not be forgotten where lists were too short as well.
    if (atomicLoad(&status.broken) > 0u) {
        status.halted = HALT_NOT_FINITE;
        return;
    }
    if (counters[1] > 0u || counters[0] > frame.capacity) {
        status.halted = HALT_NO_ROOM;
        return;
    }
    let loss = frame.weight_l1 * sums[0].x + 0.5 * frame.weight_l2 * sums[0].y;
    if (!is_finite(loss)) {
        status.halted = HALT_NOT_FINITE;
        return;
    }
    history[status.steps] = vec4f(sums[0].xyz, loss);
    if (loss < status.best_loss) {
        status.improved = 1u;
        status.best_loss = loss;
        status.best_step = status.steps;
    }
    status.steps += 1u;
}
