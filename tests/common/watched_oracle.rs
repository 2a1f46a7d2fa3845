//! The oracle, counting the pixels that it goes over, with results that are not numbers where a
//! test asks for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lgi::Result;
use lgi::backend::oracle::Oracle;
use lgi::backend::{Backend, Splats};
use lgi::blend::Blend;
use lgi::image::{Image, Size};
use lgi::loss::{Loss, LossTerms};

/// What is wrong with a result.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "not every test has faults")]
pub enum Fault {
    /// The loss is not a number.
    Loss,
    /// The gradient is infinite.
    Gradient,
}

/// Which passes, the first of which is 1, go wrong, and how.
type Faults = (Fault, fn(u64) -> bool);

/// Counts the pixels of all sweeps; a pass is two of them.
#[derive(Default)]
pub struct WatchedOracle {
    /// Pixels so far.
    pub pixels: Arc<AtomicUsize>,
    passes: u64,
    faults: Option<Faults>,
}

impl WatchedOracle {
    /// With a fault in some of its passes, the first of which is 1.
    #[allow(dead_code, reason = "not every test has faults")]
    pub fn with_faults(fault: Fault, is_faulty: fn(u64) -> bool) -> Self {
        Self { faults: Some((fault, is_faulty)), ..Self::default() }
    }

    fn add(&self, sweeps: usize, size: Size) {
        self.pixels.fetch_add(sweeps * size.pixels(), Ordering::Relaxed);
    }
}

impl Backend for WatchedOracle {
    fn description(&self) -> &str {
        "watched oracle"
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
        self.passes += 1;
        let mut terms = Oracle.loss_and_vjp(splats, target, loss, blend, moments)?;
        match self.faults.filter(|(_, is_faulty)| is_faulty(self.passes)) {
            Some((Fault::Loss, _)) => terms.l2 = f64::NAN,
            Some((Fault::Gradient, _)) => moments[0] = f32::INFINITY,
            None => {}
        }
        Ok(terms)
    }
}
