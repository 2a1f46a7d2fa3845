//! The Gauss-Newton matrix of the whole picture, by products with tangents.

use std::cell::RefCell;

use super::parameters;
use crate::covariance::Covariance;
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::optim::{Groups, Products};
use crate::renderer::Renderer;

/// `curvature J^T J`, with `J` the derivative of the picture at the Gaussians that `renderer` has.
pub(super) struct WholeCurvature<'a, 'backend> {
    pub renderer: RefCell<&'a mut Renderer<'backend>>,
    pub gaussians: &'a Gaussians,
    pub covariance: &'static dyn Covariance,
    /// Second derivative of the loss along one value of one pixel.
    pub curvature: f32,
}

impl Products for WholeCurvature<'_, '_> {
    fn multiply(&self, tangent: &Groups) -> Result<Groups> {
        let tangent = parameters::push_forward(self.gaussians, self.covariance, tangent);
        let mut renderer = self.renderer.borrow_mut();
        let mut change = renderer.jvp(&tangent)?;
        change.data_mut().iter_mut().for_each(|value| *value *= self.curvature);
        let moments = renderer.vjp(&change)?;
        let mut product = Groups::default();
        parameters::pull_back(self.gaussians, self.covariance, &moments, &mut product);
        Ok(product)
    }
}
