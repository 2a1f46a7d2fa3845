//! Gradients of random tiles in the place of the whole picture's.
//!
//! A method with `tile-batches` takes most of its gradients from a few tiles. Now and then, and at
//! the end, an iteration is over the whole picture: its figures are those that the best state, the
//! stop rules, the density control and schedules that look at the loss go by.

use std::sync::Arc;

use super::fitter::{Evaluation, Fitter};
use super::progress::Progress;
use crate::error::Result;
use crate::image::{Image, Region};
use crate::loss::LossTerms;
use crate::optim::wrappers::DrawnTile;
use crate::renderer::Tile;

/// The tiles of a picture.
#[derive(Debug)]
pub(super) struct Tiles {
    side_px: usize,
    all: Vec<Tile>,
}

impl Tiles {
    fn new(target: &Image, side_px: usize) -> Result<Self> {
        let regions = Region::tiles(target.size(), side_px);
        let tile = |region| Ok(Tile { region, target: Arc::new(target.part(region)?) });
        let all = regions.into_iter().map(tile).collect::<Result<_>>()?;
        Ok(Self { side_px, all })
    }
}

impl Fitter<'_> {
    /// Draws the tiles of this iteration, unless it is one over the whole picture.
    pub(super) fn choose_batch(&mut self) -> Result<()> {
        self.batch = None;
        let every = self.optimizer.batches().map(|batches| batches.whole_every());
        if every.is_none_or(|every| self.is_whole_due(every)) {
            return Ok(());
        }
        let horizon = self.options.stop.iterations;
        let Some(batches) = self.optimizer.batches() else { return Ok(()) };
        let side_px = batches.side_px();
        let kept = self.tiles.take().filter(|tiles| tiles.side_px == side_px);
        let tiles = match kept {
            Some(tiles) => tiles,
            None => Tiles::new(&self.target, side_px)?,
        };
        let mut random = self.state.random.clone();
        let drawn = batches.draw(tiles.all.len(), &self.state.clock(horizon), &mut random);
        (self.state.random, self.batch, self.tiles) = (random, Some(drawn), Some(tiles));
        Ok(())
    }

    fn is_whole_due(&self, every: u64) -> bool {
        let iteration = self.state.iteration;
        let since = self.state.previous_iteration.map(|before| iteration.saturating_sub(before));
        let rules = &self.options.stop;
        since.is_none_or(|since| since >= every)
            || iteration >= rules.iterations
            || self.is_revision_due()
            || rules.time_s.is_some_and(|budget| self.seconds() >= budget)
    }

    /// Loss of what is drawn, and the moments of its gradient: of the tiles that were chosen, or
    /// of the whole picture.
    pub(super) fn loss_and_moments(&mut self) -> Result<LossTerms> {
        let (Some(batch), Some(tiles)) = (&self.batch, &self.tiles) else {
            let loss = &self.options.loss;
            return self.renderer.loss_and_vjp(&self.target, loss, &mut self.moments);
        };
        let loss = &self.options.loss;
        let values = self.target.data().len() as f64;
        let mut sum = LossTerms::default();
        let stride = self.target.channels() + crate::backend::GEOMETRY_MOMENTS;
        self.moments.clear();
        self.moments.resize(self.state.gaussians.len() * stride, 0.0);
        for DrawnTile { index, weight } in batch {
            let tile = &tiles.all[*index];
            // Terms are means over the tile's values.
            let own = tile.target.data().len() as f64;
            let weight = weight * own / values;
            let terms = self.renderer.add_tile(tile, loss, weight as f32, &mut self.moments)?;
            sum.l1 += weight * terms.l1;
            sum.l2 += weight * terms.l2;
            sum.mse_8bit += weight * terms.mse_8bit;
            self.state.tile_pixels += tile.region.size.pixels() as u64;
            if let Some(batches) = self.optimizer.batches() {
                batches.tell(*index, own * terms.total(loss));
            }
        }
        Ok(sum)
    }

    /// Half passes that the tiles drawn so far come to, beside those that are counted.
    pub(super) fn half_passes_of_tiles(&self) -> u64 {
        2 * self.state.tile_pixels / self.pixels()
    }

    /// Counts tiles as passes once they have as many pixels as the picture.
    pub(super) fn count_tiles(&mut self) {
        let pixels = self.pixels();
        self.state.iteration += self.state.tile_pixels / pixels;
        self.state.tile_pixels %= pixels;
    }

    fn pixels(&self) -> u64 {
        self.target.size().pixels().max(1) as u64
    }

    /// Makes the step of an iteration over some tiles. What it says of the picture is a guess.
    pub(super) fn step_on_batch(&mut self, evaluation: &Evaluation) -> Result<Progress> {
        let mut progress = self.progress(evaluation);
        progress.rejected = true;
        self.update(evaluation.total, evaluation.rates)?;
        self.advance();
        Ok(progress)
    }
}
