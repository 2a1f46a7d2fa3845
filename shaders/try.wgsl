// Moves the Gaussians from where the search started along a share of the direction, clipped for
// each Gaussian by itself: one invocation per Gaussian. Leaves gradient . step.

// Not longer than `longest`.
fn clip(length: f32, longest: f32) -> f32 {
    return select(1.0, longest / length, length > longest);
}

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(global_invocation_id) id: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
    var sum = vec4f(0.0);
    if (row < frame.splats && is_moving()) {
        var step = multiply_by(search.share, load(DIRECTION, row));
        step.position *= clip(length(step.position), search.longest_move);
        // The Frobenius norm of [[p, q], [q, r]].
        step.shape *= clip(length(vec4f(step.shape, step.shape.y)), search.longest_change);
        store(STEP, row, step);
        sum.x = inner(load(GRADIENT, row), step);

        let at = factor_place(row);
        let color = color_place(row);
        let bounds = vec2f(status.sigma_min_px, status.sigma_max_px);
        let mean = vec2f(base[2u * row], base[2u * row + 1u]);
        let factor = vec4f(base[at], base[at + 1u], base[at + 2u], base[at + 3u]);
        let moved = retract(mean, factor, Coordinates(step.position, step.shape), bounds);
        parameters[2u * row] = moved.mean.x;
        parameters[2u * row + 1u] = moved.mean.y;
        parameters[at] = moved.factor.x;
        parameters[at + 1u] = moved.factor.y;
        parameters[at + 2u] = moved.factor.z;
        parameters[at + 3u] = moved.factor.w;
#for c in COLORS
        parameters[color + ${c}u] = base[color + ${c}u] + step.color[${c}];
#end
    }
    leave_sum(lane, group.x + group.y * groups.x, sum);
}
