// Turns the sums into the gradient of the loss; neither picture nor gradient leave the registers.
//
// With the normalized blend the last sum is the coverage, W. The picture is I_c = s_c / W, so a
// gradient G_c of the picture is G_c / W for the sum of a colour and - sum_c G_c I_c / W for W.
//
// A target of 8-bit values comes with all channels of a pixel in one word.
//
// What is added up are |d|, d^2 and the squared difference after rounding to 8 bits.
    var losses = vec4f(0.0);
#for j in PIXELS_Y
#for i in PIXELS_X
#for c in CHANNELS
    var gradient_${j}_${i}_${c} = 0.0;
#end
    {
        let at_x = x + ${i}u * LANES_X;
        let at_y = y + ${j}u * LANES_Y;
        if (at_x < frame.width && at_y < frame.height) {
            let at = at_y * frame.width + at_x;
#if PACKED
            let word = image_target[at];
#end
#if NORMALIZED
            // A pixel without coverage is black and has no gradient.
            let weight = sum_${j}_${i}_${COLORS} + frame.epsilon;
            let inverse = select(0.0, 1.0 / weight, weight > 0.0);
#end
#for c in COLORS
            {
#if NORMALIZED
                let value = sum_${j}_${i}_${c} * inverse;
#else
                let value = sum_${j}_${i}_${c};
#end
#if PACKED
                let wanted_8bit = f32(extractBits(word, ${c}u * 8u, 8u));
                let wanted = wanted_8bit / 255.0;
#else
                let wanted = image_target[at + ${c}u * plane];
                let wanted_8bit = round_8bit(wanted);
#end
                let d = value - wanted;
                let steps = round_8bit(value) - wanted_8bit;
                losses += vec4f(abs(d), d * d, steps * steps, 0.0);
                let derivative = fma(frame.weight_l2, d, frame.weight_l1 * sign(d));
#if NORMALIZED
                let of_sum = derivative * inverse;
                gradient_${j}_${i}_${c} = of_sum;
                gradient_${j}_${i}_${COLORS} = fma(-of_sum, value, gradient_${j}_${i}_${COLORS});
#else
                gradient_${j}_${i}_${c} = derivative;
#end
            }
#end
        }
    }
#end
#end
    lane_losses[lane] = losses;
    workgroupBarrier();
    if (lane == 0u) {
        var total = vec4f(0.0);
        for (var other = 0u; other < ${WORKGROUP}u; other++) {
            total += lane_losses[other];
        }
        loss_sums[tile] = total;
    }

