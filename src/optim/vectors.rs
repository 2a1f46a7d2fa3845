//! Linear algebra on whole sets of groups, the same to the bit for any number of threads.

use rayon::prelude::*;

use super::Groups;

/// Entries handled by one task. Sums are taken chunk by chunk and then in order, so that they do
/// not depend on the threads.
const CHUNK: usize = 4096;

/// Partial sums kept side by side, for the compiler to use vector registers.
const LANES: usize = 16;

impl Groups {
    /// Scalar product over all groups.
    pub fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other.iter()).map(|((_, a), (_, b))| dot(a, b)).sum()
    }

    /// Adds `factor` times `other`.
    pub fn add_scaled(&mut self, factor: f64, other: &Self) {
        let factor = factor as f32;
        for ((_, values), (_, others)) in self.iter_mut().zip(other.iter()) {
            values.par_chunks_mut(CHUNK).zip(others.par_chunks(CHUNK)).for_each(|(a, b)| {
                for (a, b) in a.iter_mut().zip(b) {
                    *a += factor * b;
                }
            });
        }
    }

    /// Multiplies every entry.
    pub fn scale(&mut self, factor: f64) {
        let factor = factor as f32;
        for (_, values) in self.iter_mut() {
            values.par_chunks_mut(CHUNK).for_each(|values| {
                for value in values {
                    *value *= factor;
                }
            });
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let partial = |(a, b): (&[f32], &[f32])| {
        let mut sums = [0.0_f32; LANES];
        let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        for (a, b) in a.iter().zip(b) {
            for lane in 0..LANES {
                sums[lane] += a[lane] * b[lane];
            }
        }
        for ((sum, a), b) in sums.iter_mut().zip(last_a).zip(last_b) {
            *sum += a * b;
        }
        sums.iter().map(|sum| f64::from(*sum)).sum::<f64>()
    };
    if a.len() <= CHUNK {
        return partial((a, b));
    }
    let partials: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(partial).collect();
    partials.iter().sum()
}
