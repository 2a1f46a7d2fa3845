// The vectors in `memory`, by their numbers.

// Gradient where the search started, direction, and the step that is tried; then the pairs.
const GRADIENT = 0u;
const DIRECTION = 1u;
const STEP = 2u;

fn step_of(place: u32) -> u32 {
    return 3u + 2u * place;
}

fn change_of(place: u32) -> u32 {
    return 4u + 2u * place;
}
