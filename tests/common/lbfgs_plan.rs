//! A plan of L-BFGS for tests.

use lgi::backend::descent::QuasiNewtonPlan;

/// The numbers of the default method on a picture of so many values.
pub fn lbfgs_plan(memory: usize, values: usize) -> QuasiNewtonPlan {
    QuasiNewtonPlan {
        memory,
        scales: [0.01, 2.0],
        least_curvature: 1e-6,
        sufficient: 1e-4,
        noise: 2e-5,
        shorten: 0.35,
        tries: 6,
        longest_move: 0.5,
        longest_change: 0.4,
        curvature: 2.0 / values as f32,
        smallest_mass_px: 0.3,
        faded: 4e-4,
    }
}
