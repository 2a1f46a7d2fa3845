//! Centres spread over the picture's detail by optimal transport.

use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Initializer, StructureTensor, check_target, sampling, spacing_px};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::{Image, Size};
use crate::transport::{Route, Transport};

/// Sampled centres that move to the centres of gravity of what an entropic transport plan
/// (Cuturi 2013) carries to them from the picture's detail, every Gaussian as much as the others;
/// sizes and shapes as [`StructureTensor`] has them.
///
/// Moving to the centres of gravity is Lloyd's algorithm with shares for cells, and shares that
/// are as large as they should be (de Goes et al. 2012 with sharp cells).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinkhorn {
    /// Sizes, shapes, and how even the detail is.
    pub shapes: StructureTensor,
    /// Times that the centres move.
    pub rounds: usize,
    /// Iterations of the plan in each round.
    pub iterations: usize,
}

impl Sinkhorn {
    /// The settings of [`super::ALL`].
    pub const USUAL: Self = Self { shapes: StructureTensor::USUAL, rounds: 4, iterations: 15 };
}

/// Cells of the detail for each Gaussian, at least, and most cells.
const CELLS: usize = 8;
const MOST_CELLS: usize = 200_000;

/// The blur of the first and the last plan and the reach of the routes, in mean distances of
/// neighbouring centres. Blur is the root of `epsilon`.
const FIRST_BLUR: f64 = 1.0;
const LAST_BLUR: f64 = 0.3;
const REACH: f32 = 3.0;

impl Initializer for Sinkhorn {
    fn name(&self) -> &'static str {
        "sinkhorn"
    }

    fn place(
        &self,
        target: &Image,
        count: usize,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Result<Gaussians> {
        check_target(target, count)?;
        let uniform = self.shapes.uniform;
        let mut mean_px = sampling::by_gradient(target, count, uniform, rng);
        if count > 0 {
            let detail = Detail::of(target, count, uniform);
            let spacing = spacing_px(target, count);
            for round in 0..self.rounds {
                let share = round as f64 / (self.rounds.max(2) - 1) as f64;
                let blur = FIRST_BLUR * (LAST_BLUR / FIRST_BLUR).powf(share) * f64::from(spacing);
                detail.attract(&mut mean_px, REACH * spacing, blur * blur, self.iterations)?;
            }
        }
        self.shapes.around(target, mean_px)
    }
}

/// The picture's detail in square cells.
struct Detail {
    size: Size,
    /// Side of a cell in pixels.
    side: usize,
    columns: usize,
    mass: Vec<f64>,
}

impl Detail {
    fn of(target: &Image, count: usize, uniform: f32) -> Self {
        let size = target.size();
        let cells = count.saturating_mul(CELLS).clamp(1, MOST_CELLS);
        let side = (size.pixels() as f64 / cells as f64).sqrt().floor().max(1.0) as usize;
        let (columns, rows) = (size.width.div_ceil(side), size.height.div_ceil(side));
        let mut mass = vec![0.0; columns * rows];
        let weights = sampling::weights(target, uniform);
        for (y, row) in weights.chunks_exact(size.width).enumerate() {
            for (x, weight) in row.iter().enumerate() {
                mass[y / side * columns + x / side] += f64::from(*weight);
            }
        }
        Self { size, side, columns, mass }
    }

    /// Centre of a cell in pixels.
    fn centre(&self, cell: usize) -> [f32; 2] {
        let half = 0.5 * self.side as f32;
        let at = |index: usize, end: usize| {
            ((index * self.side) as f32 + half).min(end as f32 - 0.5).max(0.0)
        };
        [at(cell % self.columns, self.size.width), at(cell / self.columns, self.size.height)]
    }

    /// Moves every centre to the centre of gravity of what a plan carries to it.
    fn attract(
        &self,
        mean_px: &mut [[f32; 2]],
        reach_px: f32,
        epsilon: f64,
        iterations: usize,
    ) -> Result<()> {
        let rows = self.mass.len() / self.columns;
        let mut routes = Vec::new();
        for (source, [x, y]) in mean_px.iter().enumerate() {
            let range = |center: f32, count: usize| {
                let cell = |at: f32| (at / self.side as f32).max(0.0) as usize;
                cell(center - reach_px).min(count - 1)..(cell(center + reach_px) + 1).min(count)
            };
            for row in range(*y, rows) {
                for column in range(*x, self.columns) {
                    let sink = row * self.columns + column;
                    let [u, v] = self.centre(sink);
                    let cost = (u - x).powi(2) + (v - y).powi(2);
                    if cost <= reach_px * reach_px {
                        routes.push(Route { source: source as u32, sink: sink as u32, cost });
                    }
                }
            }
        }
        let supply = vec![1.0; mean_px.len()];
        let mut transport = Transport::new(&supply, &self.mass, routes)?;
        transport.solve(epsilon, iterations);
        for (mean, row) in mean_px.iter_mut().zip(transport.plan(epsilon)) {
            let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
            for (route, carried) in row {
                let [u, v] = self.centre(route.sink as usize).map(f64::from);
                (mass, x, y) = (mass + carried, x + carried * u, y + carried * v);
            }
            // What nothing reaches stays.
            if mass > 0.0 && mass.is_finite() {
                *mean = [(x / mass) as f32, (y / mass) as f32];
            }
        }
        Ok(())
    }
}
