// Moves the Gaussians along their steps: one invocation per Gaussian.

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
    if (row >= frame.splats || status.halted > 0u || atomicLoad(&status.broken) > 0u) {
        return;
    }
    let shape = 2u * frame.splats + ${SHAPE}u * row;
    var step: Coordinates;
    step.position = vec2f(gradient_of[2u * row], gradient_of[2u * row + 1u]);
#for k in SHAPE
    step.shape[${k}] = gradient_of[shape + ${k}u];
#end
    let bounds = vec2f(status.sigma_min_px, status.sigma_max_px);
    let moved = retract(mean_of(row), factor_of(row), step, bounds);
    parameters[2u * row] = moved.mean.x;
    parameters[2u * row + 1u] = moved.mean.y;
    let at = 2u * frame.splats + 4u * row;
    parameters[at] = moved.factor.x;
    parameters[at + 1u] = moved.factor.y;
    parameters[at + 2u] = moved.factor.z;
    parameters[at + 3u] = moved.factor.w;

    let color = color_place(row);
    let color_step = (2u + ${SHAPE}u) * frame.splats + ${COLORS}u * row;
#for c in COLORS
    {
        let value = parameters[color + ${c}u] + gradient_of[color_step + ${c}u];
        parameters[color + ${c}u] = value;
        if (!is_finite(value)) {
            atomicStore(&status.broken, 1u);
        }
    }
#end
}
