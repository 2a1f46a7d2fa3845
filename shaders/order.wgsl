// Sorts every tile's list by splat, so that sums have one order: one workgroup per tile.
//
// A splat is in a list at most once, so an entry's place is the number of entries with a smaller
// splat. Short lists count them directly. Long lists mark their splats in a bitmap, window of
// splats by window of splats, and count the bits below: linear in the length of the list.

// Counting takes the square of the length, marking takes the number of splats.
const SHORT = ${SHORT}u;
const WORDS = ${WORDS}u;
const LANES = ${WORKGROUP}u;

var<workgroup> bits: array<atomic<u32>, ${WORDS}>;
// Bits in the words before, and in the lanes' runs of words.
var<workgroup> below: array<u32, ${WORDS}>;
var<workgroup> sums: array<u32, ${WORKGROUP}>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let tile = group.x + group.y * frame.tiles_x;
    let first = offsets[tile];
    let end = offsets[tile + 1u];

    let length = end - first;
    let counted = length <= SHORT || (length <= 4096u && length * length <= frame.splats / 4u);
    if (counted) {
        for (var i = first + lane; i < end; i += LANES) {
            let entry = unsorted[i];
            var rank = first;
            for (var j = first; j < end; j++) {
                rank += select(0u, 1u, unsorted[j].x < entry.x);
            }
            list[rank] = entry;
        }
        return;
    }

    var start = first;
    for (var window = 0u; window < frame.splats; window += WORDS * 32u) {
        let words = min(WORDS, (frame.splats - window + 31u) / 32u);
        for (var word = lane; word < words; word += LANES) {
            atomicStore(&bits[word], 0u);
        }
        workgroupBarrier();
        for (var i = first + lane; i < end; i += LANES) {
            let bit = unsorted[i].x - window;
            // A splat before the window wraps around and lies far behind it.
            if (bit < words * 32u) {
                atomicOr(&bits[bit >> 5u], 1u << (bit & 31u));
            }
        }
        workgroupBarrier();

        let run = (words + LANES - 1u) / LANES;
        let run_first = min(lane * run, words);
        let run_end = min(run_first + run, words);
        var sum = 0u;
        for (var word = run_first; word < run_end; word++) {
            below[word] = sum;
            sum += countOneBits(atomicLoad(&bits[word]));
        }
        sums[lane] = sum;
        workgroupBarrier();
        var before = 0u;
        var total = 0u;
        for (var other = 0u; other < LANES; other++) {
            let value = sums[other];
            total += value;
            before += select(0u, value, other < lane);
        }
        for (var word = run_first; word < run_end; word++) {
            below[word] += before;
        }
        workgroupBarrier();

        for (var i = first + lane; i < end; i += LANES) {
            let entry = unsorted[i];
            let bit = entry.x - window;
            if (bit < words * 32u) {
                let lower = atomicLoad(&bits[bit >> 5u]) & ((1u << (bit & 31u)) - 1u);
                list[start + below[bit >> 5u] + countOneBits(lower)] = entry;
            }
        }
        start += total;
        workgroupBarrier();
    }
}
