// Turns moments into gradients of the coordinates, and keeps the parameters if they are the best so
// far: one invocation per Gaussian.

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
    if (row >= frame.splats || status.halted > 0u) {
        return;
    }
    let factor = factor_of(row);
    let color = color_place(row);
    if (status.improved > 0u) {
        best[2u * row] = parameters[2u * row];
        best[2u * row + 1u] = parameters[2u * row + 1u];
        let at = 2u * frame.splats + 4u * row;
        best[at] = factor.x;
        best[at + 1u] = factor.y;
        best[at + 2u] = factor.z;
        best[at + 3u] = factor.w;
#for c in COLORS
        best[color + ${c}u] = parameters[color + ${c}u];
#end
    }

    let own = row * ${MOMENTS}u;
    // The coverage's moment, if there is one, stands between: its colour is a constant.
    let geometry = own + ${CHANNELS}u;
    let first = vec2f(moments[geometry], moments[geometry + 1u]);
    let second = vec3f(moments[geometry + 2u], moments[geometry + 3u], moments[geometry + 4u]);
    let slope = pull_back(factor, first, second);
    var finite = is_finite(slope.position.x) && is_finite(slope.position.y);
    let shape = 2u * frame.splats + ${SHAPE}u * row;
    let color_slope = (2u + ${SHAPE}u) * frame.splats + ${COLORS}u * row;
    gradient_of[2u * row] = slope.position.x;
    gradient_of[2u * row + 1u] = slope.position.y;
#for k in SHAPE
    gradient_of[shape + ${k}u] = slope.shape[${k}];
    finite = finite && is_finite(slope.shape[${k}]);
#end
#for c in COLORS
    gradient_of[color_slope + ${c}u] = moments[own + ${c}u];
    finite = finite && is_finite(moments[own + ${c}u]);
#end
    if (!finite) {
        atomicStore(&status.broken, 1u);
    }
#if VALUES

    let offset = mean_of(row) - vec2f(status.center_x_px, status.center_y_px);
    let here = coordinates(factor, offset);
    values[2u * row] = here.position.x;
    values[2u * row + 1u] = here.position.y;
#for k in SHAPE
    values[shape + ${k}u] = here.shape[${k}];
#end
#for c in COLORS
    values[color_slope + ${c}u] = parameters[color + ${c}u];
#end
#end
}
