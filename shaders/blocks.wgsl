// The Gauss-Newton matrix of each Gaussian on its own: mass, energy, and what stands for the colour.
// See src/optim/gauss_newton.rs.

fn block_place(row: u32) -> u32 {
    return (2u + ${COLORS}u) * row;
}

// The inverse of the Gaussian's block times a gradient.
fn solve(row: u32, gradient: Tangent) -> Tangent {
    let at = block_place(row);
    let mass = blocks[at];
    let energy = blocks[at + 1u];
    var length = 0.0;
#for c in COLORS
    length += blocks[at + 2u + ${c}u] * blocks[at + 2u + ${c}u];
#end
    length = sqrt(length);
    // Where there is no colour, its direction is that of gray.
    var direction: array<f32, ${COLORS}>;
    var along = 0.0;
#for c in COLORS
    direction[${c}] = select(
        inverseSqrt(f32(${COLORS})), blocks[at + 2u + ${c}u] / length, length > 1e-6);
    along += gradient.color[${c}] * direction[${c}];
#end
    let t = 0.5 * (gradient.shape.x + gradient.shape.z);
    let s = 0.5 * (gradient.shape.x - gradient.shape.z);
    let cross = 0.5 * length;
    let bend = 0.5 * energy;
    let determinant = mass * (bend - cross * cross);
    let new_along = (bend * along - cross * t) / determinant;
    let new_t = (t - cross * along) / determinant;
    let new_s = s / (0.25 * energy * mass);

    var natural: Tangent;
    natural.position = gradient.position / (bend * mass);
    natural.shape = vec3f(
        0.5 * (new_t + new_s), gradient.shape.y / (energy * mass), 0.5 * (new_t - new_s));
#for c in COLORS
    natural.color[${c}] =
        (gradient.color[${c}] - along * direction[${c}]) / mass + new_along * direction[${c}];
#end
    return natural;
}
