// Makes a pair of the step that led here and the change of the gradient along it: one invocation per
// Gaussian. Leaves step . change, and change . P change with P the inverse of the blocks.

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(global_invocation_id) id: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
    var sum = vec4f(0.0);
    if (row < frame.splats && has_accepted()) {
        let at = places_of(0u, row);
        var gradient: Tangent;
        gradient.position = vec2f(gradient_of[at.x], gradient_of[at.x + 1u]);
        gradient.shape = vec3f(gradient_of[at.y], gradient_of[at.y + 1u], gradient_of[at.y + 2u]);
#for c in COLORS
        gradient.color[${c}] = gradient_of[at.z + ${c}u];
#end
        if (search.learns > 0u) {
            // With all places taken this is the oldest pair's.
            let place = (search.newest + 1u) % search.places;
            let step = load(STEP, row);
            let change = add_scaled(gradient, -1.0, load(GRADIENT, row));
            store(step_of(place), row, step);
            store(change_of(place), row, change);
            sum = vec4f(inner(step, change), inner(change, solve(row, change)), 0.0, 0.0);
        }
        store(GRADIENT, row, gradient);
    }
    leave_sum(lane, group.x + group.y * groups.x, sum);
}
