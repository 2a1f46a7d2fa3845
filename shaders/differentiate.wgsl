// Turns moments into gradients of the coordinates, and keeps the parameters if they are the best so
// far: one invocation per Gaussian.

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
#if SEARCHING
    let rests = !has_accepted();
#else
    let rests = status.halted > 0u;
#end
    if (row >= frame.splats || rests) {
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

#if SEARCHING
    // The next search starts here.
    let place = factor_place(row);
    base[2u * row] = parameters[2u * row];
    base[2u * row + 1u] = parameters[2u * row + 1u];
    base[place] = factor.x;
    base[place + 1u] = factor.y;
    base[place + 2u] = factor.z;
    base[place + 3u] = factor.w;
    var has_finite_color = true;
#for c in COLORS
    base[color + ${c}u] = parameters[color + ${c}u];
    has_finite_color = has_finite_color && is_finite(parameters[color + ${c}u]);
#end
    if (!has_finite_color) {
        atomicStore(&status.broken, 1u);
    }
#if NORMALIZED
#else
    // The block of a Gaussian that adds up follows from itself; others come from the host.
    let block = (2u + ${COLORS}u) * row;
    let mass = 3.14159265358979 * abs(factor.x * factor.w - factor.y * factor.z);
    blocks[block] = search.curvature * max(mass, search.smallest_mass_px);
    var energy = 0.0;
#for c in COLORS
    blocks[block + 2u + ${c}u] = parameters[color + ${c}u];
    energy += parameters[color + ${c}u] * parameters[color + ${c}u];
#end
    blocks[block + 1u] = energy + search.faded;
#end
#end

    let own = row * ${MOMENTS}u;
    // The coverage's moment, if there is one, stands between: its colour is a constant.
    let geometry = own + ${CHANNELS}u;
    let first = vec2f(moments[geometry], moments[geometry + 1u]);
    let second = vec3f(moments[geometry + 2u], moments[geometry + 3u], moments[geometry + 4u]);
#if SEARCHING
    var slope = pull_back(factor, first, second);
    let bounds = vec2f(status.sigma_min_px, status.sigma_max_px);
    slope.shape = project_gradient(factor, slope.shape, bounds);
#else
    let slope = pull_back(factor, first, second);
#end
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
