// Sums the moments of every entry of the tile's list against the gradients in the registers.
//
// For every entry the lanes sum over their own pixels, then over each other, and store one partial
// sum at the entry's slot; the slots of a splat are summed later, in a fixed order. No two
// workgroups ever write to the same place, so no float atomics are needed.
//
// Lanes are added up by the subgroup, or through shared memory, where a batch of entries waits for
// one pair of barriers. Software takes splats and sums from lane to lane, see the forward sweep.
#if SHARED
    for (var batch = first; batch < end; batch += BATCH) {
        let batch_end = min(batch + BATCH, end);
        for (var entry = batch; entry < batch_end; entry++) {
#else
    {
        for (var entry = first; entry < end; entry += ${UNROLL}u) {
#end
#if BROADCAST
            var own_slot = 0u;
#for r in RECORD
            var own_record_${r} = vec4f(0.0);
#end
            let owner = lane < min(${UNROLL}u, end - entry);
            if (owner) {
                let own = list[entry + lane];
                own_slot = own.y;
#for r in RECORD
                own_record_${r} = splats[own.x * ${RECORD}u + ${r}u];
#end
            }
#for k in PARTIAL
            var own_partial_${k} = vec4f(0.0);
#end
#end
#for e in UNROLL
            {
#if BROADCAST
#for r in RECORD
            let record_${r} = subgroupBroadcast(own_record_${r}, ${e}u);
#end
            let limit = select(-1.0, CUT, entry + ${e}u < end);
#else
            let splat = list[entry].x;
#for r in RECORD
            let record_${r} = splats[splat * ${RECORD}u + ${r}u];
#end
            let limit = CUT;
#end
            let d = center - record_0.xy;
            let u = record_0.z;
            let v = record_0.w;
            let w = record_1.x;
#for m in MOMENTS
            var moment_${m} = 0.0;
#end
#for i in PIXELS_X
            let dx_${i} = d.x + f32(${i}u * LANES_X);
            let ux_${i} = u * dx_${i};
#end
#for j in PIXELS_Y
            {
                let dy = d.y + f32(${j}u * LANES_Y);
                let vy = v * dy;
                let wy = w * dy;
                let rest = wy * wy;
                // Sums over the row of h, h dx and h dx^2.
                var row_0 = 0.0;
                var row_1 = 0.0;
                var row_2 = 0.0;
#for i in PIXELS_X
                {
                    let t = ux_${i} + vy;
                    let power = fma(t, t, rest);
                    let g = select(0.0, exp2(-power), power <= limit);
                    var h = 0.0;
#for c in CHANNELS
                    moment_${c} = fma(g, gradient_${j}_${i}_${c}, moment_${c});
                    h = fma(${COLOR_${c}}, gradient_${j}_${i}_${c}, h);
#end
                    h *= g;
                    let hx = h * dx_${i};
                    row_0 += h;
                    row_1 += hx;
                    row_2 = fma(hx, dx_${i}, row_2);
                }
#end
                ${MOMENT_X} += row_1;
                ${MOMENT_Y} = fma(dy, row_0, ${MOMENT_Y});
                ${MOMENT_XX} += row_2;
                ${MOMENT_XY} = fma(dy, row_1, ${MOMENT_XY});
                ${MOMENT_YY} = fma(dy * dy, row_0, ${MOMENT_YY});
            }
#end
#if BROADCAST
#for k in PARTIAL
            own_partial_${k} = select(own_partial_${k}, add_lanes(${PARTIAL_${k}}), lane == ${e}u);
#end
#else
#if SHARED
            let base = (entry - batch) * ${MOMENTS}u * ${WORKGROUP}u + lane;
#for m in MOMENTS
            lane_moments[base + ${m}u * ${WORKGROUP}u] = moment_${m};
#end
#else
#for k in PARTIAL
            let partial_${k} = subgroupAdd(${PARTIAL_${k}});
#end
            if (lane == 0u) {
                let slot = list[entry].y;
#for k in PARTIAL
                partials[slot * ${PARTIAL}u + ${k}u] = partial_${k};
#end
            }
#end
#end
            }
#end
#if BROADCAST
            if (owner) {
#for k in PARTIAL
                partials[own_slot * ${PARTIAL}u + ${k}u] = own_partial_${k};
#end
            }
#end
        }
#if SHARED
        workgroupBarrier();
        // Every lane sums whole rows, each starting at its own column: no bank conflicts.
        for (var row = lane; row < (batch_end - batch) * ${MOMENTS}u; row += ${WORKGROUP}u) {
            var sum = 0.0;
            for (var column = 0u; column < ${WORKGROUP}u; column++) {
                sum += lane_moments[row * ${WORKGROUP}u + (column + lane) % ${WORKGROUP}u];
            }
            let slot = list[batch + row / ${MOMENTS}u].y;
            partials[slot * ${PARTIAL}u * 4u + row % ${MOMENTS}u] = sum;
        }
        workgroupBarrier();
#end
    }
