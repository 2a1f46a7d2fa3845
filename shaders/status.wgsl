// How far a descent on the device has come.
struct Status {
    // Steps since the host last looked, and the one of them whose state was best.
    steps: u32,
    best_step: u32,
    // Not 0 once the host has to decide; nothing moves any more. See HALT.
    halted: u32,
    // Not 0 if the present state is the best so far.
    improved: u32,
    // Loss of the best state; infinite before there is one.
    best_loss: f32,
    // Smallest and largest standard deviation.
    sigma_min_px: f32,
    sigma_max_px: f32,
    // Where positions are counted from, for rules that look at the parameters.
    center_x_px: f32,
    center_y_px: f32,
    // Not 0 if a gradient or a colour is not finite.
    broken: atomic<u32>,
    // One bit for each step whose state was no good as the trial of a line search.
    rejected: u32,
}

const HALT_NO_ROOM = 1u;
const HALT_NOT_FINITE = 2u;
// No step along the direction is any good: what then, the host decides.
const HALT_NO_STEP = 3u;

// By its bits: a comparison of what is no number may be optimised away.
fn is_finite(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}
