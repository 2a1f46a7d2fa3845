// Logarithms of two standard deviations and an angle. See src/covariance/log_scale_rotation.rs.

fn pull_back(factor: vec4f, first: vec2f, second: vec3f) -> Coordinates {
    let inverse = inverse_of(factor);
    let of_factor = pull_back_factor(inverse, second);
    let shape = vec3f(
        dot(factor.xz, of_factor.xz), dot(factor.yw, of_factor.yw),
        dot(factor.xy, of_factor.zw) - dot(factor.zw, of_factor.xy));
    return Coordinates(pull_back_position(inverse, first), shape);
}

// Standard deviations of a factor whose columns are its axes.
fn sigmas(factor: vec4f) -> vec2f {
    let first = length(factor.xz);
    return vec2f(first, abs(factor.x * factor.w - factor.y * factor.z) / first);
}

fn retract(mean: vec2f, factor: vec4f, by: Coordinates, bounds: vec2f) -> Moved {
    let before = sigmas(factor);
    let steps = vec2f(finite_or_zero(by.shape.x), finite_or_zero(by.shape.y));
    let limits = log(bounds);
    let scaled = exp(clamp(log(before) + steps, vec2f(limits.x), vec2f(limits.y)));
    let after = select(scaled, clamp(before, vec2f(bounds.x), vec2f(bounds.y)), steps == vec2f(0.0));
    let turn = finite_or_zero(by.shape.z);
    let axis = factor.xz / before.x;
    let turned = vec2f(
        axis.x * cos(turn) - axis.y * sin(turn), axis.x * sin(turn) + axis.y * cos(turn));
    // Sine and cosine of a device need not be exact.
    let next = normalize(turned);
    let u = vec2f(finite_or_zero(by.position.x), finite_or_zero(by.position.y));
    let factor_next = vec4f(
        next.x * after.x, -next.y * after.y, next.y * after.x, next.x * after.y);
    return Moved(move_mean(mean, u), factor_next);
}

fn coordinates(factor: vec4f, offset: vec2f) -> Coordinates {
    return Coordinates(offset, vec3f(log(sigmas(factor)), atan2(factor.z, factor.x)));
}
