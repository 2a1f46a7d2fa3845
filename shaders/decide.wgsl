// The two loops of L-BFGS (Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4), scalar side: takes a
// scalar product and sets the next vector operation. One workgroup.
//
// A pair has its curvature, step . change, and its factor from the first loop.

// The place of a pair, counted from the newest.
fn place_of(age: u32) -> u32 {
    return (search.newest + search.places - age) % search.places;
}

fn set_operation(source: u32, factor: f32, against: u32) {
    search.source = source;
    search.factor = factor;
    search.against = against;
    search.restarts = 0u;
    search.preconditions = 0u;
    search.negates = 0u;
}

// The direction starts as the gradient.
fn begin() {
    search.turn = 0u;
    if (search.pairs > 0u) {
        set_operation(NO_VECTOR, 0.0, step_of(place_of(0u)));
        search.stage = STAGE_BACK;
    } else {
        set_operation(NO_VECTOR, 0.0, GRADIENT);
        search.preconditions = 1u;
        search.negates = 1u;
        search.stage = STAGE_DIRECTION;
    }
    search.restarts = 1u;
}

fn take_pair(curvature: f32, size: f32) {
    // The oldest pair has left its place for the new one.
    search.pairs = min(search.pairs, max(search.memory, 1u) - 1u);
    if (curvature > search.least_curvature * size && size > 0.0) {
        search.scale = clamp(curvature / size, search.least_scale, search.largest_scale);
        if (search.memory > 0u) {
            search.newest = (search.newest + 1u) % search.places;
            search.pairs += 1u;
            pairs[search.newest].x = curvature;
        }
    }
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let sum = total_of_groups(lane);
    if (lane > 0u || !has_accepted()) {
        return;
    }
    switch (search.stage) {
        case STAGE_PAIR: {
            if (search.learns > 0u) {
                take_pair(sum.x, sum.y);
            }
            begin();
        }
        case STAGE_BACK: {
            let place = place_of(search.turn);
            let factor = sum.x / pairs[place].x;
            pairs[place].y = factor;
            search.turn += 1u;
            if (search.turn < search.pairs) {
                set_operation(change_of(place), -factor, step_of(place_of(search.turn)));
            } else {
                // This was the oldest, and is the first on the way back.
                set_operation(change_of(place), -factor, change_of(place));
                search.preconditions = 1u;
                search.turn = 0u;
                search.stage = STAGE_FORTH;
            }
        }
        case STAGE_FORTH: {
            let age = search.pairs - 1u - search.turn;
            let place = place_of(age);
            let factor = pairs[place].y - sum.x / pairs[place].x;
            search.turn += 1u;
            if (search.turn < search.pairs) {
                set_operation(step_of(place), factor, change_of(place_of(age - 1u)));
            } else {
                set_operation(step_of(place), factor, GRADIENT);
                search.negates = 1u;
                search.stage = STAGE_DIRECTION;
            }
        }
        case STAGE_DIRECTION: {
            if (sum.x >= 0.0 && search.pairs > 0u) {
                // The memory misleads: down the preconditioned gradient instead.
                search.pairs = 0u;
                begin();
            } else {
                search.stage = STAGE_DONE;
            }
        }
        default: {}
    }
}
