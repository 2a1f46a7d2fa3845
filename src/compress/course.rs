//! How far an encoding is, and whether it is to go on.

use std::ops::ControlFlow;

use crate::error::Result;
use crate::fit::{Best, Fitter};
use crate::optim::Optimizer;

/// How far an encoding is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompressProgress {
    /// Iterations of all fits so far.
    pub iteration: u64,
    /// Those that are planned. Targets that are hard to meet take more, and move it.
    pub iterations: u64,
    /// PSNR in dB of the fit at hand, before its Gaussians are quantised.
    pub psnr_db: f64,
}

/// Is told after every iteration. Once it breaks, the encoding makes what it can of what there is.
pub type Observer<'a> = dyn FnMut(&CompressProgress) -> ControlFlow<()> + 'a;

/// The fits of an encoding, one after the other.
pub(super) struct Course<'a> {
    observer: &'a mut Observer<'a>,
    iteration: u64,
    iterations: u64,
    is_over: bool,
}

impl<'a> Course<'a> {
    /// A course of `iterations`, about.
    pub fn new(observer: &'a mut Observer<'a>, iterations: u64) -> Self {
        Self { observer, iteration: 0, iterations, is_over: false }
    }

    /// Plans so many more iterations, from here.
    pub fn expect(&mut self, iterations: u64) {
        self.iterations = self.iteration + iterations;
    }

    /// Whether it was asked to end.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Runs a fit to its end, or as far as it may go. Gives the optimizer too, which remembers
    /// what it learnt.
    ///
    /// # Errors
    /// Those of the fit.
    pub fn run(&mut self, mut fitter: Fitter<'_>) -> Result<(Best, Optimizer)> {
        loop {
            let progress = fitter.step()?;
            let ended = progress.stop.is_some();
            if !ended {
                self.iteration += 1;
                self.iterations = self.iterations.max(self.iteration);
                let Self { iteration, iterations, .. } = *self;
                let told = CompressProgress { iteration, iterations, psnr_db: progress.psnr_db };
                self.is_over |= (self.observer)(&told).is_break();
            }
            if ended || self.is_over {
                return Ok(fitter.finish());
            }
        }
    }
}
