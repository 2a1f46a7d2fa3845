// Adds up the loss, writes it down, and says whether the state is the best so far: one workgroup. In
// a line search, whether the state is kept at all: under the condition of Armijo.

fn term(tile: u32) -> vec4f {
    return loss_sums[tile];
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let sum = sum_of_terms(lane, frame.tiles);
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
    let loss = frame.weight_l1 * sum.x + 0.5 * frame.weight_l2 * sum.y;
#if SEARCHING
    if (search.tries > 0u) {
        let fall = search.sufficient * min(search.slope, 0.0);
        // Not finite is worse than anything.
        if (!is_finite(loss) || loss > search.loss + fall + search.noise * abs(search.loss)) {
            if (search.tries >= search.most_tries) {
                status.halted = HALT_NO_STEP;
                return;
            }
            search.tries += 1u;
            search.share *= search.shorten;
            search.verdict = VERDICT_SHORTEN;
            status.rejected |= 1u << status.steps;
            history[status.steps] = vec4f(sum.xyz, loss);
            status.steps += 1u;
            return;
        }
    }
#end
    if (!is_finite(loss)) {
        status.halted = HALT_NOT_FINITE;
        return;
    }
    history[status.steps] = vec4f(sum.xyz, loss);
    if (loss < status.best_loss) {
        status.improved = 1u;
        status.best_loss = loss;
        status.best_step = status.steps;
    }
    status.steps += 1u;
#if SEARCHING
    // The next search starts here, with its whole direction.
    search.verdict = VERDICT_ACCEPT;
    search.learns = min(search.tries, 1u);
    search.stage = STAGE_PAIR;
    search.tries = 1u;
    search.loss = loss;
    search.share = 1.0;
#end
}
