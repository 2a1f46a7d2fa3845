//! The oracle, counting the pixels that it goes over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lgi::Result;
use lgi::backend::oracle::Oracle;
use lgi::backend::{Backend, Splats};
use lgi::blend::Blend;
use lgi::image::{Image, Size};
use lgi::loss::{Loss, LossTerms};

/// Counts the pixels of all sweeps; a pass is two of them.
#[derive(Default)]
pub struct CountingBackend {
    /// Pixels so far.
    pub pixels: Arc<AtomicUsize>,
}

impl CountingBackend {
    fn add(&self, sweeps: usize, size: Size) {
        self.pixels.fetch_add(sweeps * size.pixels(), Ordering::Relaxed);
    }
}

impl Backend for CountingBackend {
    fn description(&self) -> &str {
        "counting"
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        self.add(1, size);
        Oracle.render(splats, size)
    }

    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>> {
        self.add(1, gradient.size());
        Oracle.vjp(splats, gradient)
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        self.add(1, size);
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
        self.add(2, target.size());
        Oracle.loss_and_vjp(splats, target, loss, blend, moments)
    }
}
