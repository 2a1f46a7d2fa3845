// Moves every entry to its tile's list: one invocation per slot.

struct Entry {
    splat: u32,
    tile: u32,
    place: u32,
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let slot = id.x + id.y * groups.x * ${WORKGROUP}u;
    if (counters[1] > 0u || counters[0] > frame.capacity || slot >= counters[0]) {
        return;
    }
    let entry = entries[slot];
    if (entry.tile == ${NO_TILE}) {
        return;
    }
    unsorted[offsets[entry.tile] + entry.place] = vec2u(entry.splat, slot);
}
