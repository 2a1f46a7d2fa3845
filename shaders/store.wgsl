// Stores the sums.
#for j in PIXELS_Y
#for i in PIXELS_X
    {
        let at_x = x + ${i}u * LANES_X;
        let at_y = y + ${j}u * LANES_Y;
        if (at_x < frame.width && at_y < frame.height) {
            let at = at_y * frame.width + at_x;
#for c in CHANNELS
            picture[at + ${c}u * plane] = sum_${j}_${i}_${c};
#end
        }
    }
#end
#end
