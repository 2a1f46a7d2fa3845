// Turns gradients into steps, every number by itself: one invocation per number.
//
// The lines in the middle are a chain of elementwise rules, written down by the host. The constants
// are those of the step: position, shape and colour one after the other, step by step.

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let index = id.x + id.y * groups.x * ${WORKGROUP}u;
    let shapes = 2u * frame.splats;
    let colors = shapes + ${SHAPE}u * frame.splats;
    let end = colors + ${COLORS}u * frame.splats;
    if (index >= end || status.halted > 0u || atomicLoad(&status.broken) > 0u) {
        return;
    }
    let group = select(0u, 1u, index >= shapes) + select(0u, 1u, index >= colors);
    let first = ((status.steps - 1u) * 3u + group) * ${CONSTANTS}u;
#for k in CONSTANTS
    let constant_${k} = constants[first + ${k}u];
#end
#for k in SLOTS
    let slot_${k} = memory[index + ${k}u * end];
#end
#if VALUES
    let value = values[index];
#end
    let gradient = gradient_of[index];
${UPDATE_LINES}
    gradient_of[index] = ${UPDATE};
#for k in SLOTS
    memory[index + ${k}u * end] = ${SLOT_${k}};
#end
}
