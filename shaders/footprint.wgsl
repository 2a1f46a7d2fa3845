// Which tiles an ellipse touches, row of tiles by row of tiles.
//
// A row of tiles is a strip lo <= dy <= hi. The part of the ellipse inside the strip is convex, so
// the tiles that it touches are a span, and the span's ends are the ellipse's leftmost and
// rightmost points in the strip: the turning points of the outline, clamped to the strip.

// Safety margins against rounding: in the power at the edge, and in pixels.
const EDGE: f32 = CUT * 1.0002;
const MARGIN: f32 = 0.002;

struct Footprint {
    center: vec2f,
    factor: vec3f,
    // Half height of the ellipse.
    reach: f32,
    // The leftmost point of the outline is at dy = turn, the rightmost at -turn.
    turn: f32,
    // First and last row of tiles; empty where first > last.
    rows: vec2i,
}

// The first and last tile that hold a pixel centre in [low, high] along an axis of `extent` pixels.
fn tile_span(low: f32, high: f32, extent: u32) -> vec2i {
    let first = i32(clamp(ceil(low - 0.5), 0.0, f32(extent)));
    let last = i32(clamp(floor(high - 0.5), -1.0, f32(extent) - 1.0));
    if (first > last) {
        return vec2i(0, -1);
    }
    return vec2i(first / i32(TILE), last / i32(TILE));
}

fn footprint(center: vec2f, factor: vec3f) -> Footprint {
    let reach = sqrt(EDGE) / factor.z;
    let turn = reach * factor.y / length(factor.yz);
    let low = center.y - reach - MARGIN;
    let high = center.y + reach + MARGIN;
    return Footprint(center, factor, reach, turn, tile_span(low, high, frame.height));
}

fn tile_columns(shape: Footprint, row: i32) -> vec2i {
    let top = f32(row * i32(TILE)) + 0.5 - MARGIN - shape.center.y;
    let low = max(top, -shape.reach);
    let high = min(top + f32(TILE) - 1.0 + 2.0 * MARGIN, shape.reach);
    if (low > high) {
        return vec2i(0, -1);
    }
    let left_dy = clamp(shape.turn, low, high);
    let right_dy = clamp(-shape.turn, low, high);
    let left_w = shape.factor.z * left_dy;
    let right_w = shape.factor.z * right_dy;
    let left_root = sqrt(max(EDGE - left_w * left_w, 0.0));
    let right_root = sqrt(max(EDGE - right_w * right_w, 0.0));
    let left = (-shape.factor.y * left_dy - left_root) / shape.factor.x;
    let right = (-shape.factor.y * right_dy + right_root) / shape.factor.x;
    let low_x = shape.center.x + left - MARGIN;
    let high_x = shape.center.x + right + MARGIN;
    return tile_span(low_x, high_x, frame.width);
}
