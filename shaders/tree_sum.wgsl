// The sum of `term(0) ... term(count - 1)` by one workgroup.
//
// Every lane sums a run of them, then the lanes are summed as a tree: the same order each time.

var<workgroup> sums: array<vec4f, ${WORKGROUP}>;

fn sum_of_terms(lane: u32, count: u32) -> vec4f {
    let run = (count + ${WORKGROUP}u - 1u) / ${WORKGROUP}u;
    let first = min(lane * run, count);
    let end = min(first + run, count);
    var sum = vec4f(0.0);
    for (var index = first; index < end; index++) {
        sum += term(index);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var other = ${WORKGROUP}u / 2u; other > 0u; other >>= 1u) {
        if (lane < other) {
            sums[lane] += sums[lane + other];
        }
        workgroupBarrier();
    }
    return sums[0];
}
