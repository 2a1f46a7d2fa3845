// Opens a kernel that works tile by tile: one workgroup per tile. The parts that follow in the
// table go on inside of its function.
//
// A lane owns ${PIXELS_X} x ${PIXELS_Y} pixels, spread over the tile so that neighbouring lanes
// have neighbouring pixels. Sums and gradients of the pixels live in registers, one variable for
// each pixel and channel.

const LANES_X = ${LANES_X}u;
const LANES_Y = ${LANES_Y}u;

#if LOSS
var<workgroup> lane_losses: array<vec4f, ${WORKGROUP}>;

// Halves go up, as the host rounds them; WGSL's own round() takes them to the even neighbour.
fn round_8bit(value: f32) -> f32 {
    return floor(clamp(value, 0.0, 1.0) * 255.0 + 0.5);
}

#end
#if BATCHED
// One row of lanes per moment of a batch of entries.
const BATCH = ${BATCH}u;
var<workgroup> lane_moments: array<f32, ${BATCH_FLOATS}>;

#end
#if BROADCAST
// The sum over all lanes, known to all of them.
fn add_lanes(value: vec4f) -> vec4f {
    var sum = vec4f(0.0);
#for k in WORKGROUP
    sum += subgroupBroadcast(value, ${k}u);
#end
    return sum;
}

#end
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let tile = group.x + group.y * frame.tiles_x;
    let x = group.x * TILE + lane % LANES_X;
    let y = group.y * TILE + lane / LANES_X;
    let center = vec2f(f32(x) + 0.5, f32(y) + 0.5);
    let plane = frame.width * frame.height;
    let first = offsets[tile];
    let end = offsets[tile + 1u];
