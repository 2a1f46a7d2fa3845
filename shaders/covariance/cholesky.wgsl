// The lower triangular factor itself: l00, l10, l11. See src/covariance/cholesky.rs.

fn pull_back(factor: vec4f, first: vec2f, second: vec3f) -> Coordinates {
    let inverse = inverse_of(factor);
    let of_factor = pull_back_factor(inverse, second);
    return Coordinates(pull_back_position(inverse, first), of_factor.xzw);
}

fn retract(mean: vec2f, factor: vec4f, by: Coordinates, bounds: vec2f) -> Moved {
    let moved = vec4f(
        max(factor.x + finite_or_zero(by.shape.x), bounds.x), 0.0,
        factor.z + finite_or_zero(by.shape.y), max(factor.w + finite_or_zero(by.shape.z), bounds.x));
    var next = clamp_factor(moved, bounds);
    if (any(next != moved)) {
        // The triangular factor of the same covariance.
        let first = length(next.xy);
        let area = abs(next.x * next.w - next.y * next.z);
        next = vec4f(first, 0.0, dot(next.xy, next.zw) / first, area / first);
    }
    let u = vec2f(finite_or_zero(by.position.x), finite_or_zero(by.position.y));
    return Moved(move_mean(mean, u), next);
}

fn coordinates(factor: vec4f, offset: vec2f) -> Coordinates {
    return Coordinates(offset, factor.xzw);
}
