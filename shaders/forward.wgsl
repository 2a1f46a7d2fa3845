// Sums the splats of the tile's list at every pixel: the picture, or its derivative along a
// tangent.
//
// All lanes need the same splat at the same time. Hardware reads it once for all of them. Software
// reads for every lane by itself, so there the lanes load ${UNROLL} entries at once, one each, and
// take them from each other.
#for j in PIXELS_Y
#for i in PIXELS_X
#for c in CHANNELS
    var sum_${j}_${i}_${c} = 0.0;
#end
#end
#end

    for (var batch = first; batch < end; batch += ${UNROLL}u) {
#if BROADCAST
        // Lanes without an entry of their own load nothing.
#for r in RECORD
        var own_record_${r} = vec4f(0.0);
#end
#if TANGENT
#for m in MOMENTS
        var own_tangent_${m} = 0.0;
#end
#end
        if (lane < min(${UNROLL}u, end - batch)) {
            let splat = list[batch + lane].x;
#for r in RECORD
            own_record_${r} = splats[splat * ${RECORD}u + ${r}u];
#end
#if TANGENT
#for m in MOMENTS
            own_tangent_${m} = tangent[splat * ${MOMENTS}u + ${m}u];
#end
#end
        }
#end
#for e in UNROLL
        {
#if BROADCAST
#for r in RECORD
            let record_${r} = subgroupBroadcast(own_record_${r}, ${e}u);
#end
#if TANGENT
#for m in MOMENTS
            let tangent_${m} = subgroupBroadcast(own_tangent_${m}, ${e}u);
#end
#end
            // Entries past the end have no pixels inside.
            let limit = select(-1.0, CUT, batch + ${e}u < end);
#else
            let splat = list[batch].x;
#for r in RECORD
            let record_${r} = splats[splat * ${RECORD}u + ${r}u];
#end
#if TANGENT
#for m in MOMENTS
            let tangent_${m} = tangent[splat * ${MOMENTS}u + ${m}u];
#end
#end
            let limit = CUT;
#end
            let d = center - record_0.xy;
            let u = record_0.z;
            let v = record_0.w;
            let w = record_1.x;
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
#if TANGENT
                let along_x = fma(${TANGENT_XY}, dy, ${TANGENT_X});
                let along_y = dy * fma(${TANGENT_YY}, dy, ${TANGENT_Y});
#end
#for i in PIXELS_X
                {
                    let t = ux_${i} + vy;
                    let power = fma(t, t, rest);
                    let g = select(0.0, exp2(-power), power <= limit);
#if TANGENT
                    let shape = fma(dx_${i}, fma(${TANGENT_XX}, dx_${i}, along_x), along_y);
#end
#for c in CHANNELS
#if TANGENT
                    let change_${c} = fma(${COLOR_${c}}, shape, tangent_${c});
                    sum_${j}_${i}_${c} = fma(g, change_${c}, sum_${j}_${i}_${c});
#else
                    sum_${j}_${i}_${c} = fma(g, ${COLOR_${c}}, sum_${j}_${i}_${c});
#end
#end
                }
#end
            }
#end
        }
#end
    }
