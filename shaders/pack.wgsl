// Turns parameters into the records that are drawn: one invocation per Gaussian.
//
// With L the factor, the conic is L^-T L^-1; its triangular root comes from a QR decomposition of
// L^-1, where nothing is squared that could cancel.

// sqrt(log2(e) / 2)
const ROOT = 0.84932180028801904;

// A splat that is a billion pixels long.
const LEAST_FACTOR = 1e-9;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let row = id.x + id.y * groups.x * ${WORKGROUP}u;
    if (row >= frame.splats) {
        return;
    }
    let mean = mean_of(row);
    let factor = factor_of(row);
    let height = length(factor.zw);
    let area = abs(factor.x * factor.w - factor.y * factor.z);
    let u = max(ROOT * height / area, LEAST_FACTOR);
    let v = -ROOT * dot(factor.xy, factor.zw) / (area * height);
    let w = max(ROOT / height, LEAST_FACTOR);

    var record: array<f32, ${RECORD_FLOATS}>;
    record[0] = mean.x;
    record[1] = mean.y;
    record[2] = u;
    record[3] = v;
    record[4] = w;
    let color = color_place(row);
#for c in COLORS
    record[5u + ${c}u] = parameters[color + ${c}u];
#end
#if NORMALIZED
    // The coverage.
    record[5u + ${COLORS}u] = 1.0;
#end
#for r in RECORD
    splats[row * ${RECORD}u + ${r}u] = vec4f(
        record[4u * ${r}u], record[4u * ${r}u + 1u], record[4u * ${r}u + 2u], record[4u * ${r}u + 3u]);
#end
}
