// What the parameterisations of the covariance share. See src/covariance/chain.rs.

// Position and shape, or a gradient or step of them.
struct Coordinates {
    position: vec2f,
    shape: vec3f,
}

struct Moved {
    mean: vec2f,
    factor: vec4f,
}

// A row-major 2x2 matrix is a vec4f.
fn inverse_of(m: vec4f) -> vec4f {
    return vec4f(m.w, -m.y, -m.z, m.x) / (m.x * m.w - m.y * m.z);
}

fn multiply(a: vec4f, b: vec4f) -> vec4f {
    return vec4f(
        a.x * b.x + a.y * b.z, a.x * b.y + a.y * b.w,
        a.z * b.x + a.w * b.z, a.z * b.y + a.w * b.w);
}

fn apply(m: vec4f, v: vec2f) -> vec2f {
    return vec2f(dot(m.xy, v), dot(m.zw, v));
}

// Gradient of a position in pixels.
fn pull_back_position(inverse: vec4f, first: vec2f) -> vec2f {
    return apply(inverse.xzyw, apply(inverse, first));
}

// Gradient of the factor's entries.
fn pull_back_factor(inverse: vec4f, second: vec3f) -> vec4f {
    let body = multiply(multiply(inverse, second.xyyz), inverse.xzyw);
    return multiply(inverse.xzyw, body);
}

// Zero if it is not finite.
fn finite_or_zero(value: f32) -> f32 {
    return select(0.0, value, is_finite(value));
}

// The mean after a step in pixels.
fn move_mean(mean: vec2f, step: vec2f) -> vec2f {
    return clamp(mean + step, vec2f(-${MEAN_LIMIT}), vec2f(${MEAN_LIMIT}));
}

// The factor with its standard deviations inside the bounds; untouched if they are. Its parts that
// rotate and reflect have the half sum and half difference of the singular values as lengths.
fn clamp_factor(m: vec4f, bounds: vec2f) -> vec4f {
    let rotating = 0.5 * vec2f(m.x + m.w, m.z - m.y);
    let reflecting = 0.5 * vec2f(m.x - m.w, m.z + m.y);
    let lengths = vec2f(length(rotating), length(reflecting));
    let largest = lengths.x + lengths.y;
    let smallest = select(0.0, (m.x * m.w - m.y * m.z) / largest, largest > 0.0);
    if (abs(smallest) >= bounds.x && largest <= bounds.y) {
        return m;
    }
    let first = clamp(largest, bounds.x, bounds.y);
    let second = clamp(abs(smallest), bounds.x, bounds.y) * select(1.0, -1.0, smallest < 0.0);
    let wanted = 0.5 * vec2f(first + second, first - second);
    let turn = select(vec2f(wanted.x, 0.0), rotating * (wanted.x / lengths.x), lengths.x > 0.0);
    let mirror = select(vec2f(wanted.y, 0.0), reflecting * (wanted.y / lengths.y), lengths.y > 0.0);
    return vec4f(turn.x + mirror.x, mirror.y - turn.y, mirror.y + turn.y, turn.x - mirror.x);
}
