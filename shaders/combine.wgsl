// One vector operation of the two loops, as `decide` has set it: one invocation per Gaussian. Leaves
// the scalar product of what becomes of the direction with another vector.

@compute @workgroup_size(${WORKGROUP})
fn main(
    @builtin(global_invocation_id) id: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
    var sum = vec4f(0.0);
    if (row < frame.splats && has_accepted() && search.stage != STAGE_DONE) {
        var direction = load(select(DIRECTION, GRADIENT, search.restarts > 0u), row);
        if (search.source != NO_VECTOR) {
            direction = add_scaled(direction, search.factor, load(search.source, row));
        }
        if (search.preconditions > 0u) {
            direction = multiply_by(search.scale, solve(row, direction));
        }
        if (search.negates > 0u) {
            direction = multiply_by(-1.0, direction);
        }
        store(DIRECTION, row, direction);
        sum.x = inner(direction, load(search.against, row));
    }
    leave_sum(lane, group.x + group.y * groups.x, sum);
}
