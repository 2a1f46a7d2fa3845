// Draws the picture, or its derivative along a tangent: one workgroup per tile.
//
// A lane owns ${PIXELS_X} x ${PIXELS_Y} pixels, spread over the tile so that neighbouring lanes
// have neighbouring pixels, and walks the tile's list with their sums in registers. All lanes read
// the same splat at the same time: no shared memory and no barriers are needed.

const LANES_X = ${LANES_X}u;
const LANES_Y = ${LANES_Y}u;

#if LOSS
var<workgroup> lane_sums: array<vec4f, ${WORKGROUP}>;
#end

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let tile = group.x + group.y * frame.tiles_x;
    let x = group.x * TILE + lane % LANES_X;
    let y = group.y * TILE + lane / LANES_X;
    let center = vec2f(f32(x) + 0.5, f32(y) + 0.5);
#for j in PIXELS_Y
#for i in PIXELS_X
#for c in CHANNELS
    var sum_${j}_${i}_${c} = 0.0;
#end
#end
#end

    let end = offsets[tile + 1u];
    for (var entry = offsets[tile]; entry < end; entry++) {
        let splat = list[entry].x;
#for r in RECORD
        let record_${r} = splats[splat * ${RECORD}u + ${r}u];
#end
        let d = center - record_0.xy;
        let u = record_0.z;
        let v = record_0.w;
        let w = record_1.x;
#if TANGENT
#for m in MOMENTS
        let tangent_${m} = tangent[splat * ${MOMENTS}u + ${m}u];
#end
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
#if TANGENT
            let along_x = fma(${TANGENT_XY}, dy, ${TANGENT_X});
            let along_y = dy * fma(${TANGENT_YY}, dy, ${TANGENT_Y});
#end
#for i in PIXELS_X
            {
                let t = ux_${i} + vy;
                let power = fma(t, t, rest);
                let g = select(0.0, exp2(-power), power <= CUT);
#if TANGENT
                let shape = fma(dx_${i}, fma(${TANGENT_XX}, dx_${i}, along_x), along_y);
#end
#for c in CHANNELS
#if TANGENT
                sum_${j}_${i}_${c} = fma(g, fma(${COLOR_${c}}, shape, tangent_${c}), sum_${j}_${i}_${c});
#else
                sum_${j}_${i}_${c} = fma(g, ${COLOR_${c}}, sum_${j}_${i}_${c});
#end
#end
            }
#end
        }
#end
    }

    let plane = frame.width * frame.height;
#if LOSS
    // The picture itself is not kept: what is stored is the derivative of the loss, and what is
    // summed are |d|, d^2 and the squared difference after rounding to 8 bits.
    var sums = vec4f(0.0);
#end
#for j in PIXELS_Y
#for i in PIXELS_X
    {
        let at_x = x + ${i}u * LANES_X;
        let at_y = y + ${j}u * LANES_Y;
        if (at_x < frame.width && at_y < frame.height) {
            let at = at_y * frame.width + at_x;
#for c in CHANNELS
#if LOSS
            {
                let value = sum_${j}_${i}_${c};
                let wanted = image_target[at + ${c}u * plane];
                let d = value - wanted;
                let steps = round_8bit(value) - round_8bit(wanted);
                sums += vec4f(abs(d), d * d, steps * steps, 0.0);
                picture[at + ${c}u * plane] = fma(frame.weight_l2, d, frame.weight_l1 * sign(d));
            }
#else
            picture[at + ${c}u * plane] = sum_${j}_${i}_${c};
#end
#end
        }
    }
#end
#end
#if LOSS
    lane_sums[lane] = sums;
    workgroupBarrier();
    if (lane == 0u) {
        var total = vec4f(0.0);
        for (var other = 0u; other < ${WORKGROUP}u; other++) {
            total += lane_sums[other];
        }
        loss_sums[tile] = total;
    }
#end
}
#if LOSS

// Halves go up, as the host rounds them; WGSL's own round() takes them to the even neighbour.
fn round_8bit(value: f32) -> f32 {
    return floor(clamp(value, 0.0, 1.0) * 255.0 + 0.5);
}
#end
