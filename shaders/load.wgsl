// Loads the gradient image; pixels beyond the picture have none.
#for j in PIXELS_Y
#for i in PIXELS_X
#for c in CHANNELS
    var gradient_${j}_${i}_${c} = 0.0;
#end
    {
        let at_x = x + ${i}u * LANES_X;
        let at_y = y + ${j}u * LANES_Y;
        if (at_x < frame.width && at_y < frame.height) {
#for c in CHANNELS
            gradient_${j}_${i}_${c} = picture[at_y * frame.width + at_x + ${c}u * plane];
#end
        }
    }
#end
#end

