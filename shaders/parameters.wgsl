// Parameters lie one kind after the other: means, factors, colours.
fn mean_of(row: u32) -> vec2f {
    return vec2f(parameters[2u * row], parameters[2u * row + 1u]);
}

fn factor_place(row: u32) -> u32 {
    return 2u * frame.splats + 4u * row;
}

fn factor_of(row: u32) -> vec4f {
    let at = factor_place(row);
    return vec4f(parameters[at], parameters[at + 1u], parameters[at + 2u], parameters[at + 3u]);
}

fn color_place(row: u32) -> u32 {
    return 6u * frame.splats + ${COLORS}u * row;
}
