//! Gaussians come, go and move between two updates.

use super::fitter::Fitter;
use crate::density::{self, Plan, Scene, costs};
use crate::error::Result;
use crate::image::Image;
use crate::optim::{PerGroup, RowMap};

impl Fitter<'_> {
    pub(super) fn is_revision_due(&self) -> bool {
        self.is_revision_due_at(self.state.iteration)
    }

    /// Whether a revision is due at an iteration to come, if none is before.
    pub(super) fn is_revision_due_at(&self, iteration: u64) -> bool {
        let horizon = self.options.stop.iterations;
        let density = &self.options.density;
        // Where no step helps any more, there is nothing to wait for.
        let early = self.state.failures > 0 && !self.state.idle_revision;
        let before = self.state.last_revision;
        density.is_due(iteration, before, horizon)
            || (early && density.is_due(iteration.max(density.every), 0, horizon))
    }

    /// Adds and relocates Gaussians where that pays; the others make the optimizer's step.
    pub(super) fn revise(&mut self, rates: PerGroup<f32>) -> Result<()> {
        let plan = self.plan();
        let residual = self.residual()?;
        let mut squares = self.renderer.squared_weights()?;
        let drawn = self.state.gaussians.clone();

        let (channels, curvature) = (self.state.gaussians.channels(), self.curvature());
        match &squares {
            Some(squares) => self.state.blocks.set_normalized(channels, squares, curvature),
            None => self.state.blocks.set(&self.state.gaussians, curvature),
        }
        self.plain_update(rates)?;
        let scene = Scene {
            gaussians: &drawn,
            residual: &residual,
            normalized: self.renderer.normalized(),
        };
        let costs = costs::removal(&scene);
        let plan = Plan { lifecycle: self.lifecycle.as_ref(), ..plan };
        let gaussians = &mut self.state.gaussians;
        let rows = density::revise(gaussians, squares.as_mut(), &scene, &costs, &plan);
        if let Some(squares) = &squares {
            self.state.blocks.set_normalized(channels, squares, curvature);
        }
        self.state.idle_revision = rows == RowMap::identity(rows.before());
        self.optimizer.remap(&rows, &self.state.gaussians);
        (self.state.last_revision, self.state.last_blocks) =
            (self.state.iteration, self.state.iteration);
        Ok(())
    }

    /// Adds Gaussians at the peaks of the residual until there are as many as the options ask
    /// for, or no peak is left; the drawings count as passes. To be called before the first step.
    ///
    /// # Errors
    /// Whatever the backend fails with.
    pub fn fill_up(&mut self) -> Result<()> {
        loop {
            let have = self.state.gaussians.len();
            let add = self.options.gaussians.saturating_sub(have);
            if add == 0 {
                break;
            }
            self.renderer.set(&self.state.gaussians);
            let residual = self.residual()?;
            let drawn = self.state.gaussians.clone();
            let normalized = self.renderer.normalized();
            let scene = Scene { gaussians: &drawn, residual: &residual, normalized };
            let plan = Plan { add, relocate: 0, ..self.plan() };
            let rows = density::revise(&mut self.state.gaussians, None, &scene, &[], &plan);
            self.optimizer.remap(&rows, &self.state.gaussians);
            self.count_sweeps();
            if self.state.gaussians.len() == have {
                break;
            }
        }
        Ok(())
    }

    /// The picture drawn minus the one wanted.
    fn residual(&mut self) -> Result<Image> {
        let mut residual = self.renderer.render()?;
        for (value, wanted) in residual.data_mut().iter_mut().zip(self.target.data()) {
            *value -= wanted;
        }
        Ok(residual)
    }

    fn plan(&self) -> Plan<'static> {
        let density = &self.options.density;
        let (have, iteration) = (self.state.gaussians.len(), self.state.iteration);
        let horizon = self.options.stop.iterations;
        let pixels = self.target.size().pixels() as f32;
        let stage = density.stage(iteration, horizon);
        let scale = stage.map_or(1.0, |stage| stage.scale);
        Plan {
            add: density.to_add(have, self.options.gaussians, iteration, horizon),
            relocate: density.to_relocate(have, iteration, horizon),
            eagerness: stage.map_or(density.eagerness, |stage| stage.eagerness),
            split_trust: density.split_trust,
            largest_sigma_px: scale * (pixels / have.max(1) as f32).sqrt(),
            lifecycle: None,
            progress: (iteration as f64 / horizon.max(1) as f64).min(1.0) as f32,
        }
    }
}
