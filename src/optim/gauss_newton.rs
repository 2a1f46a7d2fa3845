//! The Gauss-Newton matrix of each Gaussian on its own, in closed form.

use rayon::prelude::*;

use serde::{Deserialize, Serialize};

use super::Groups;
use crate::blend::SquaredWeights;
use crate::gaussians::Gaussians;

/// Gaussians handled by one task; the result does not depend on it.
const CHUNK: usize = 512;

/// Added to the square of the colour where it weighs the geometry: a Gaussian that has faded to
/// nothing has no curvature left, and its position must not fly off.
const FADED: f32 = 4e-4;

/// The same where colours are averaged: there, what a Gaussian's shape does depends on how its
/// colour differs from the picture, which changes fast.
const FADED_NORMALIZED: f32 = 1e-2;

/// Smallest mass in square pixels: smaller Gaussians see single pixels, not the integral.
const SMALLEST_MASS_PX: f32 = 0.3;

/// Diagonal blocks of the Gauss-Newton matrix `J^T J`, one for each Gaussian, in the body frame.
///
/// Along a tangent `(a, u, S = [[p, q], [q, r]])` an isolated Gaussian's pixel changes by
/// `dI_c = g (a_c + c_c (x.u + x^T S x))`, `x` the pixel in the body frame. The integrals of
/// products of these over the plane are, with the mass `m = pi |det L|`, `t = p + r` and
/// `s = p - r`:
///
/// | | |
/// |---|---|
/// | colour, across `c` | `m` |
/// | `(colour along c, t)` | `m [[1, \|c\|/2], [\|c\|/2, \|c\|^2/2]]` |
/// | position | `m \|c\|^2 / 2` |
/// | `s` | `m \|c\|^2 / 4` |
/// | `q` | `m \|c\|^2` |
///
/// and zero elsewhere. Other models of a Gaussian's weight in the picture fit the same form with
/// another mass, another vector for `c` and another number for `|c|^2`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GaussNewton {
    channels: usize,
    /// Added to the energy.
    faded: f32,
    /// Mass, times the curvature of the loss at a pixel, `[N]`.
    mass: Vec<f32>,
    /// What stands for the colour, `[N, C]`.
    color: Vec<f32>,
    /// What stands for its square, `[N]`.
    energy: Vec<f32>,
}

impl GaussNewton {
    /// Smallest mass of a Gaussian that adds up, in square pixels.
    pub const SMALLEST_MASS_PX: f32 = SMALLEST_MASS_PX;
    /// What is added to the energy of a Gaussian that adds up.
    pub const FADED: f32 = FADED;

    /// The blocks one after the other: mass, energy, and what stands for the colour,
    /// `[N, 2 + C]`.
    pub fn rows(&self) -> Vec<f32> {
        let mut rows = Vec::with_capacity(self.mass.len() * (2 + self.channels));
        let colors = self.color.chunks_exact(self.channels.max(1));
        for ((mass, energy), color) in self.mass.iter().zip(&self.energy).zip(colors) {
            rows.extend([*mass, energy + self.faded]);
            rows.extend(color);
        }
        rows
    }

    /// Refills with the blocks of Gaussians that add up, keeping the allocations. `curvature` is
    /// the second derivative of the loss along one value of one pixel.
    pub fn set(&mut self, gaussians: &Gaussians, curvature: f32) {
        self.channels = gaussians.channels();
        self.faded = FADED;
        let mass_of = |factor: &[f32; 4]| {
            let [a, b, c, d] = *factor;
            curvature * (std::f32::consts::PI * (a * d - b * c).abs()).max(SMALLEST_MASS_PX)
        };
        gaussians
            .factor_px
            .par_iter()
            .with_min_len(CHUNK)
            .map(mass_of)
            .collect_into_vec(&mut self.mass);
        self.color.clone_from(&gaussians.color);
        self.energy.clear();
        let squares = self.color.chunks_exact(self.channels.max(1));
        self.energy.extend(squares.map(|color| color.iter().map(|v| v * v).sum::<f32>()));
    }

    /// Refills with the blocks of Gaussians whose colours are averaged.
    pub fn set_normalized(&mut self, channels: usize, weights: &SquaredWeights, curvature: f32) {
        self.channels = channels;
        self.faded = FADED_NORMALIZED;
        self.mass.clear();
        self.mass.extend(weights.mass.iter().map(|mass| curvature * mass.max(SMALLEST_MASS_PX)));
        self.color.clone_from(&weights.contrast);
        self.energy.clone_from(&weights.energy);
    }

    /// Forgets all blocks.
    pub fn clear(&mut self) {
        self.mass.clear();
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mass.is_empty()
    }

    /// Replaces a gradient by the natural gradient: multiplies by the inverse of every block. A
    /// group that is frozen, without any gradient, rests.
    pub fn solve(&self, updates: &mut Groups) {
        let frozen = updates.map(|values| values.iter().all(|value| *value == 0.0));
        self.for_each(updates, |block, position, shape, color| {
            let (along, length) = block.project(color);
            let (t, s) = (0.5 * (shape[0] + shape[2]), 0.5 * (shape[0] - shape[2]));
            let (cross, bend) = (0.5 * length, 0.5 * block.energy);
            let determinant = block.mass * (bend - cross * cross);
            let new_along = (bend * along - cross * t) / determinant;
            let new_t = (t - cross * along) / determinant;
            let new_s = s / (0.25 * block.energy * block.mass);
            for (value, direction) in color.iter_mut().zip(block.color) {
                let direction = block.direction(*direction, length);
                *value = (*value - along * direction) / block.mass + new_along * direction;
            }
            for value in position {
                *value /= 0.5 * block.energy * block.mass;
            }
            shape[0] = 0.5 * (new_t + new_s);
            shape[1] /= block.energy * block.mass;
            shape[2] = 0.5 * (new_t - new_s);
        });
        // Colour and size share a block.
        for (group, values) in updates.iter_mut() {
            if *frozen.get(group) {
                values.fill(0.0);
            }
        }
    }

    /// Divides a gradient by the diagonal of every block.
    pub fn solve_diagonal(&self, updates: &mut Groups) {
        self.for_each(updates, |block, position, shape, color| {
            color.iter_mut().for_each(|value| *value /= block.mass);
            let bend = block.energy * block.mass;
            position.iter_mut().for_each(|value| *value /= 0.5 * bend);
            shape[0] /= 0.75 * bend;
            shape[1] /= bend;
            shape[2] /= 0.75 * bend;
        });
    }

    /// Multiplies a tangent by every block: the inverse of [`Self::solve`].
    pub fn multiply(&self, updates: &mut Groups) {
        self.for_each(updates, |block, position, shape, color| {
            let (along, length) = block.project(color);
            let (t, s) = (shape[0] + shape[2], shape[0] - shape[2]);
            let (cross, bend) = (0.5 * length, 0.5 * block.energy);
            let new_along = block.mass * (along + cross * t);
            let new_t = block.mass * (cross * along + bend * t);
            let new_s = 0.25 * block.energy * block.mass * s;
            for (value, direction) in color.iter_mut().zip(block.color) {
                let direction = block.direction(*direction, length);
                *value = block.mass * (*value - along * direction) + new_along * direction;
            }
            for value in position {
                *value *= 0.5 * block.energy * block.mass;
            }
            shape[0] = new_t + new_s;
            shape[1] *= block.energy * block.mass;
            shape[2] = new_t - new_s;
        });
    }

    fn for_each(
        &self,
        updates: &mut Groups,
        each: impl Fn(Block, &mut [f32], &mut [f32], &mut [f32]) + Sync,
    ) {
        let channels = self.channels.max(1);
        updates
            .position
            .par_chunks_mut(2 * CHUNK)
            .zip(updates.shape.par_chunks_mut(3 * CHUNK))
            .zip(updates.color.par_chunks_mut(channels * CHUNK))
            .zip(self.mass.par_chunks(CHUNK).zip(self.color.par_chunks(channels * CHUNK)))
            .zip(self.energy.par_chunks(CHUNK))
            .for_each(|((((position, shape), color), (masses, colors)), energies)| {
                let rows = position
                    .chunks_exact_mut(2)
                    .zip(shape.chunks_exact_mut(3))
                    .zip(color.chunks_exact_mut(channels));
                let blocks = masses.iter().zip(energies).zip(colors.chunks_exact(channels));
                for (((position, shape), row), ((mass, energy), color)) in rows.zip(blocks) {
                    let block = Block { mass: *mass, energy: energy + self.faded, color };
                    each(block, position, shape, row);
                }
            });
    }
}

/// One Gaussian's block.
struct Block<'a> {
    mass: f32,
    energy: f32,
    color: &'a [f32],
}

impl Block<'_> {
    /// The part of `values` along the colour, and the colour's length.
    fn project(&self, values: &[f32]) -> (f32, f32) {
        let length = self.color.iter().map(|c| c * c).sum::<f32>().sqrt();
        let along =
            values.iter().zip(self.color).map(|(v, c)| v * self.direction(*c, length)).sum();
        (along, length)
    }

    /// The colour's direction; where there is none, that of gray.
    fn direction(&self, value: f32, length: f32) -> f32 {
        if length > 1e-6 { value / length } else { (self.color.len() as f32).sqrt().recip() }
    }
}
