// The Gaussian's own frame: mean += L u, L <- L exp([[p, q], [q, r]]). See src/covariance/body_frame.rs.

fn pull_back(factor: vec4f, first: vec2f, second: vec3f) -> Coordinates {
    let inverse = inverse_of(factor);
    let of_first = vec2f(dot(second.xy, inverse.xy), dot(second.yz, inverse.xy));
    let of_second = vec2f(dot(second.xy, inverse.zw), dot(second.yz, inverse.zw));
    let shape = vec3f(
        dot(inverse.xy, of_first), 2.0 * dot(inverse.zw, of_first), dot(inverse.zw, of_second));
    return Coordinates(apply(inverse, first), shape);
}

// The symmetric matrix [[a, b], [b, c]] of `entries` with other eigenvalues, given the old ones'
// half difference.
fn with_eigenvalues(entries: vec3f, half: f32, values: vec2f) -> vec4f {
    let mean = 0.5 * (values.x + values.y);
    if (half == 0.0) {
        return vec4f(mean, 0.0, 0.0, mean);
    }
    let slope = 0.5 * (values.x - values.y) / half;
    let difference = 0.5 * slope * (entries.x - entries.z);
    return vec4f(mean + difference, slope * entries.y, slope * entries.y, mean - difference);
}

fn retract(mean: vec2f, factor: vec4f, step: Coordinates, bounds: vec2f) -> Moved {
    let u = vec2f(finite_or_zero(step.position.x), finite_or_zero(step.position.y));
    let s = vec3f(
        finite_or_zero(step.shape.x), finite_or_zero(step.shape.y), finite_or_zero(step.shape.z));
    // From one bound to the other: no step inside the bounds is longer.
    let limit = log(bounds.y / bounds.x);
    let middle = 0.5 * (s.x + s.z);
    let half = length(vec2f(0.5 * (s.x - s.z), s.y));
    let scales = exp(clamp(middle + vec2f(half, -half), vec2f(-limit), vec2f(limit)));
    let next = multiply(factor, with_eigenvalues(s, half, scales));
    return Moved(move_mean(mean, apply(factor, u)), clamp_factor(next, bounds));
}

// Half the logarithm of L^T L.
fn coordinates(factor: vec4f, offset: vec2f) -> Coordinates {
    let square = vec3f(
        dot(factor.xz, factor.xz), dot(factor.xz, factor.yw), dot(factor.yw, factor.yw));
    let half = length(vec2f(0.5 * (square.x - square.z), square.y));
    let largest = 0.5 * (square.x + square.z) + half;
    let determinant = factor.x * factor.w - factor.y * factor.z;
    let smallest = determinant * determinant / largest;
    let logarithm = with_eigenvalues(square, half, 0.5 * log(vec2f(largest, smallest)));
    return Coordinates(apply(inverse_of(factor), offset), logarithm.xyw);
}

// The gradient of the shape without what the bounds of the scales would undo. See `project_gradient`
// in src/covariance/chain.rs.
fn project_gradient(factor: vec4f, slope: vec3f, bounds: vec2f) -> vec3f {
    // Clamped factors lie on the bound only up to rounding.
    let edges = bounds * vec2f(1.001, 0.999);
    let rotating = 0.5 * vec2f(factor.x + factor.w, factor.z - factor.y);
    let reflecting = 0.5 * vec2f(factor.x - factor.w, factor.z + factor.y);
    let lengths = vec2f(length(rotating), length(reflecting));
    let largest = lengths.x + lengths.y;
    let determinant = factor.x * factor.w - factor.y * factor.z;
    let smallest = select(0.0, abs(determinant) / largest, largest > 0.0);
    if (smallest > edges.x && largest < edges.y) {
        return slope;
    }
    let turn = select(0.0, atan2(rotating.y, rotating.x), lengths.x > 0.0);
    let mirror = select(0.0, atan2(reflecting.y, reflecting.x), lengths.y > 0.0);
    let left = 0.5 * (turn + mirror);
    let first = largest * vec2f(cos(left), sin(left));
    let second = smallest * vec2f(-sin(left), cos(left));
    let projected = without(factor, slope, first, largest, edges);
    return without(factor, projected, second, smallest, edges);
}

// Without the part along `axis`, whose length is `sigma`, if that leads out of the bounds.
fn without(factor: vec4f, slope: vec3f, axis: vec2f, sigma: f32, edges: vec2f) -> vec3f {
    let moments = vec3f(axis.x * axis.x, axis.x * axis.y, axis.y * axis.y);
    let normal = pull_back(factor, vec2f(0.0), moments).shape;
    let weighted = vec3f(1.0, 0.5, 1.0) * normal;
    let along = dot(slope, weighted) / max(dot(normal, weighted), 1e-30);
    let leads_out = (along > 0.0 && sigma <= edges.x) || (along < 0.0 && sigma >= edges.y);
    return select(slope, slope - along * normal, leads_out);
}
