// Vectors of one number for each coordinate: positions, shapes and colours of all Gaussians, one
// kind after the other. `memory` holds one vector after the other.
struct Tangent {
    position: vec2f,
    shape: vec3f,
    color: array<f32, ${COLORS}>,
}

// Where the Gaussian's position, shape and colour begin in a vector.
fn places_of(vector: u32, row: u32) -> vec3u {
    let start = vector * frame.splats * (5u + ${COLORS}u);
    return vec3u(
        start + 2u * row,
        start + 2u * frame.splats + 3u * row,
        start + 5u * frame.splats + ${COLORS}u * row);
}

fn load(vector: u32, row: u32) -> Tangent {
    let at = places_of(vector, row);
    var tangent: Tangent;
    tangent.position = vec2f(memory[at.x], memory[at.x + 1u]);
    tangent.shape = vec3f(memory[at.y], memory[at.y + 1u], memory[at.y + 2u]);
#for c in COLORS
    tangent.color[${c}] = memory[at.z + ${c}u];
#end
    return tangent;
}

fn store(vector: u32, row: u32, tangent: Tangent) {
    let at = places_of(vector, row);
    memory[at.x] = tangent.position.x;
    memory[at.x + 1u] = tangent.position.y;
    memory[at.y] = tangent.shape.x;
    memory[at.y + 1u] = tangent.shape.y;
    memory[at.y + 2u] = tangent.shape.z;
#for c in COLORS
    memory[at.z + ${c}u] = tangent.color[${c}];
#end
}

// a + factor * b
fn add_scaled(a: Tangent, factor: f32, b: Tangent) -> Tangent {
    var sum: Tangent;
    sum.position = a.position + factor * b.position;
    sum.shape = a.shape + factor * b.shape;
#for c in COLORS
    sum.color[${c}] = a.color[${c}] + factor * b.color[${c}];
#end
    return sum;
}

fn multiply_by(factor: f32, a: Tangent) -> Tangent {
    var product: Tangent;
    product.position = factor * a.position;
    product.shape = factor * a.shape;
#for c in COLORS
    product.color[${c}] = factor * a.color[${c}];
#end
    return product;
}

fn inner(a: Tangent, b: Tangent) -> f32 {
    var sum = dot(a.position, b.position) + dot(a.shape, b.shape);
#for c in COLORS
    sum += a.color[${c}] * b.color[${c}];
#end
    return sum;
}
