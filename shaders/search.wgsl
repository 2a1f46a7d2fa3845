// Where a line search along quasi-Newton directions stands. See src/optim/line_search.rs and
// src/optim/rules/lbfgs.rs.
struct Search {
    // A trial is good if its loss is below that where the search started by this share of what the
    // slope promises, give or take this share of the loss.
    sufficient: f32,
    noise: f32,
    // What a step is multiplied by after a trial that was no good, and how many are tried.
    shorten: f32,
    most_tries: u32,
    // Longest step of one Gaussian: of its centre, and of its shape.
    longest_move: f32,
    longest_change: f32,
    // Bounds of the initial matrix's scale, and the least curvature that is believed.
    least_scale: f32,
    largest_scale: f32,
    least_curvature: f32,
    // Of the Gauss-Newton blocks: curvature of the loss at a pixel, and what is added to energies.
    curvature: f32,
    smallest_mass_px: f32,
    faded: f32,
    // Pairs that are remembered at most, and places for them.
    memory: u32,
    places: u32,

    // The trial: which one it is, 0 if the state is none; the loss where the search started, the
    // share of the direction, and gradient . step.
    tries: u32,
    loss: f32,
    share: f32,
    slope: f32,
    // What was made of the state that was drawn last.
    verdict: u32,

    // The memory: scale of the initial matrix, pairs, and the place of the newest.
    scale: f32,
    pairs: u32,
    newest: u32,
    // Whether the step that led here makes a new pair.
    learns: u32,

    // How far the direction is, and the next operation of `combine`: direction += factor * source,
    // from the gradient on if it restarts, then the blocks, then a change of sign; and the vector
    // that the scalar product is with.
    stage: u32,
    turn: u32,
    factor: f32,
    source: u32,
    against: u32,
    restarts: u32,
    preconditions: u32,
    negates: u32,
}

const VERDICT_ACCEPT = 1u;
const VERDICT_SHORTEN = 2u;

// The new pair is to be judged; the loops from the newest pair to the oldest and back; the
// direction is to be judged; all is done.
const STAGE_PAIR = 0u;
const STAGE_BACK = 1u;
const STAGE_FORTH = 2u;
const STAGE_DIRECTION = 3u;
const STAGE_DONE = 4u;

// In the place of a vector.
const NO_VECTOR = 0xffffffffu;

fn is_moving() -> bool {
    return status.halted == 0u && atomicLoad(&status.broken) == 0u;
}

fn has_accepted() -> bool {
    return is_moving() && search.verdict == VERDICT_ACCEPT;
}
