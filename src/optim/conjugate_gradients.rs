//! Linear systems with the whole Gauss-Newton matrix, by products alone.

use super::{GaussNewton, Groups, Products};
use crate::error::Result;

/// `J^T J + damping B` with `B` the diagonal blocks of it.
pub(super) struct Damped<'a> {
    pub products: &'a dyn Products,
    pub blocks: &'a GaussNewton,
    pub damping: f64,
}

impl Damped<'_> {
    fn multiply(&self, tangent: &Groups) -> Result<Groups> {
        let mut product = self.products.multiply(tangent)?;
        let mut damped = tangent.clone();
        self.blocks.multiply(&mut damped);
        product.add_scaled(self.damping, &damped);
        Ok(product)
    }
}

/// Solves `matrix x = right` from zero by at most `iterations` preconditioned conjugate gradients
/// (Hestenes and Stiefel 1952), the inverse blocks as preconditioner, until the residual is
/// `tolerance` of the right side in that metric. Each costs a product, two sweeps.
///
/// # Errors
/// Whatever the products fail with.
pub(super) fn solve(
    matrix: &Damped<'_>,
    right: &Groups,
    iterations: u64,
    tolerance: f64,
) -> Result<Groups> {
    let mut residual = right.clone();
    let mut direction = residual.clone();
    matrix.blocks.solve(&mut direction);
    let mut solution = right.map(|values| vec![0.0; values.len()]);
    let mut energy = residual.dot(&direction);
    let enough = tolerance * tolerance * energy;
    for _ in 0..iterations {
        if energy <= enough || !energy.is_finite() {
            break;
        }
        let product = matrix.multiply(&direction)?;
        let curvature = direction.dot(&product);
        if curvature <= 0.0 || !curvature.is_finite() {
            break;
        }
        let length = energy / curvature;
        solution.add_scaled(length, &direction);
        residual.add_scaled(-length, &product);
        let mut solved = residual.clone();
        matrix.blocks.solve(&mut solved);
        let next = residual.dot(&solved);
        direction.scale(next / energy);
        direction.add_scaled(1.0, &solved);
        energy = next;
    }
    Ok(solution)
}
