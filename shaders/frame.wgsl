// What every kernel knows about the pass: the picture, its tiles, and the weights of the loss.
struct Frame {
    width: u32,
    height: u32,
    // Tiles are TILE x TILE pixels, row by row from the top; the last ones hang over the edge.
    tiles_x: u32,
    tiles: u32,
    splats: u32,
    // Room in the lists of (splat, tile) pairs.
    capacity: u32,
    // Derivative of the loss: weight_l1 * sign(d) + weight_l2 * d, all factors included.
    weight_l1: f32,
    weight_l2: f32,
    // Added to the coverage where the blend divides by it.
    epsilon: f32,
}

// How many (splat, tile) pairs the picture has, as a 64-bit number in two halves. More than
// `capacity` makes the pass void: its lists stay empty and the host repeats it with more room.
struct Counters {
    pairs_low: u32,
    pairs_high: u32,
}

const TILE = ${TILE}u;

// A splat is a record of vectors: centre (x, y), factor (u, v, w), then the colours. The factor is
// the triangular root of the conic with log2(e) / 2 folded in, so that
//     value = exp2(-power),    power = (u dx + v dy)^2 + (w dy)^2.
// A sum of two squares cannot cancel: long thin splats keep their edges.
//
// A pixel is inside a splat where its power is at most this: SUPPORT_Q / 2 * log2(e).
const CUT: f32 = ${CUT};
