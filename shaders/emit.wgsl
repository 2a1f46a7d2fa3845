// Emits one entry for every (splat, tile) pair: one invocation per splat.
//
// A splat counts its tiles, takes that many consecutive slots in one go, and fills them. Which
// slots it gets depends on the order of the atomics; that they are consecutive and in the order of
// the tiles does not, and sums over them are taken in that order.

struct Entry {
    splat: u32,
    tile: u32,
    // How many entries the tile had before this one, in the order of the atomics.
    place: u32,
}

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
    let index = id.x + id.y * groups.x * ${WORKGROUP}u;
    if (index >= frame.splats) {
        return;
    }
    let record_0 = splats[index * ${RECORD}u];
    let record_1 = splats[index * ${RECORD}u + 1u];
    let shape = footprint(record_0.xy, vec3f(record_0.zw, record_1.x));

    var count = 0u;
    for (var row = shape.rows.x; row <= shape.rows.y; row++) {
        let columns = tile_columns(shape, row);
        count += u32(columns.y - columns.x + 1);
    }
    ranges[index] = vec2u(0u);
    if (count == 0u) {
        return;
    }
    let first = atomicAdd(&counters[0], count);
    let end = first + count;
    if (end < first) {
        atomicAdd(&counters[1], 1u);
        return;
    }
    if (end > frame.capacity) {
        return;
    }

    var slot = first;
    for (var row = shape.rows.x; row <= shape.rows.y; row++) {
        let columns = tile_columns(shape, row);
        for (var column = columns.x; column <= columns.y; column++) {
            // Should this loop see more tiles than the first (a compiler may round the two
            // differently), the slots still are not exceeded.
            if (slot < end) {
                let tile = u32(row) * frame.tiles_x + u32(column);
                entries[slot] = Entry(index, tile, atomicAdd(&tile_counts[tile], 1u));
                slot++;
            }
        }
    }
    ranges[index] = vec2u(first, slot - first);
    for (; slot < end; slot++) {
        entries[slot] = Entry(index, ${NO_TILE}, 0u);
    }
}
