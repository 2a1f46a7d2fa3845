//! The oracle, with results that are not numbers now and then.

use std::sync::Arc;

use lgi::Result;
use lgi::backend::oracle::Oracle;
use lgi::backend::{Backend, Splats};
use lgi::blend::Blend;
use lgi::image::{Image, Size};
use lgi::loss::{Loss, LossTerms};

/// A backend that gives a loss or a gradient that is not a number at some of its calls.
pub struct FaultyBackend {
    /// Calls so far.
    pub calls: u64,
    /// Whether a call, the first is 1, goes wrong.
    pub fails: fn(u64) -> bool,
    /// In the loss, else in the gradient.
    pub in_loss: bool,
}

impl Backend for FaultyBackend {
    fn description(&self) -> &str {
        "faulty"
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        Oracle.render(splats, size)
    }

    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>> {
        Oracle.vjp(splats, gradient)
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        Oracle.jvp(splats, tangent, size)
    }

    fn loss_and_vjp(
        &mut self,
        splats: &Splats,
        target: &Arc<Image>,
        loss: &Loss,
        blend: Blend,
        moments: &mut Vec<f32>,
    ) -> Result<LossTerms> {
        self.calls += 1;
        let mut terms = Oracle.loss_and_vjp(splats, target, loss, blend, moments)?;
        if (self.fails)(self.calls) {
            if self.in_loss {
                terms.l2 = f64::NAN;
            } else {
                moments[0] = f32::INFINITY;
            }
        }
        Ok(terms)
    }
}
