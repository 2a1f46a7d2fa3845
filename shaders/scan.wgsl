// Where each tile's list starts: exclusive prefix sums of the tiles' counts, by one workgroup.
//
// Every lane adds up a run of tiles, the lanes' sums are scanned in shared memory, and every lane
// walks its run again. A pass that did not fit gets empty lists.

var<workgroup> sums: array<u32, ${WORKGROUP}>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) lane: u32) {
    let void_pass = counters[1] > 0u || counters[0] > frame.capacity;
    let run = (frame.tiles + ${WORKGROUP}u - 1u) / ${WORKGROUP}u;
    let first = min(lane * run, frame.tiles);
    let end = min(first + run, frame.tiles);

    var sum = 0u;
    if (!void_pass) {
        for (var tile = first; tile < end; tile++) {
            sum += tile_counts[tile];
        }
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var step = 1u; step < ${WORKGROUP}u; step <<= 1u) {
        var before = 0u;
        if (lane >= step) {
            before = sums[lane - step];
        }
        workgroupBarrier();
        sums[lane] += before;
        workgroupBarrier();
    }

    var offset = sums[lane] - sum;
    for (var tile = first; tile < end; tile++) {
        offsets[tile] = offset;
        if (!void_pass) {
            offset += tile_counts[tile];
        }
    }
    if (lane == ${WORKGROUP}u - 1u) {
        offsets[frame.tiles] = sums[lane];
    }
}
