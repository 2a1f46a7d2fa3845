//! Gradients of a few tiles of the picture in the place of the whole.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::{WRAPPER, Wrapper};
use crate::error::Result;
use crate::optim::numbers::Numbers;
use crate::optim::part::{Build, Needs, Part, Setting};
use crate::optim::systematic::Chances;
use crate::optim::{Clock, saved};

/// Each gradient is that of random tiles, weighted by one over the chance of each, so that its
/// mean is the whole gradient. Chances go by what was left of each tile when it was last seen:
/// nearly what keeps the variance least, for the gradient image of squared errors is in proportion
/// to their root.
pub const PART: Part = Part {
    name: "tile-batches",
    help: "gradients of random tiles, those with more error more often",
    source: "Robbins and Monro 1951; Zhao and Zhang 2015, arXiv:1401.2753",
    settings: &[
        Setting::new("share", "share of the tiles in each gradient", 0.25, [0.0, 1.0]),
        Setting::new("size", "side of a tile in pixels", 64.0, [4.0, 16384.0]),
        Setting::new("importance", "share of the chance that goes by error", 0.5, [0.0, 0.95]),
        Setting::iterations("whole", "passes from one whole gradient to the next", 10.0),
    ],
    needs: Needs { pixel_sums: true, ..WRAPPER.needs },
    build: Build::Wrapper(|numbers| {
        Box::new(TileBatches { numbers: numbers.clone(), state: State::default() })
    }),
    ..WRAPPER
};

/// Chooses the tiles of each gradient, and remembers what was left of each.
#[derive(Debug)]
pub struct TileBatches {
    numbers: Numbers,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Root of the error of each tile when it was last seen, if it was.
    errors: Vec<Option<f64>>,
}

/// A tile that was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawnTile {
    /// Which.
    pub index: usize,
    /// One over the chance that it had.
    pub weight: f64,
}

impl TileBatches {
    /// Side of a tile in pixels.
    pub fn side_px(&self) -> usize {
        self.numbers.count(1) as usize
    }

    /// Passes from one whole gradient to the next.
    pub fn whole_every(&self) -> u64 {
        self.numbers.count(3)
    }

    /// Draws the tiles of one gradient, of so many in all; at least one.
    pub fn draw(
        &self,
        tiles: usize,
        clock: &Clock<'_>,
        random: &mut Xoshiro256PlusPlus,
    ) -> Vec<DrawnTile> {
        let share = self.numbers.get(0, clock);
        let count = ((share * tiles as f64).round() as usize).clamp(1, tiles.max(1));
        let chances = Chances::new(&self.weights(tiles, clock), count);
        let mut order: Vec<usize> = (0..tiles).collect();
        order.shuffle(random);
        let subset = chances.subset(&order, random.random());
        let drawn = |index| DrawnTile { index, weight: 1.0 / chances.values()[index] };
        subset.into_iter().map(drawn).collect()
    }

    /// Takes the error that is left in a tile, as a sum over its values.
    pub fn tell(&mut self, tile: usize, error: f64) {
        if self.state.errors.len() <= tile {
            self.state.errors.resize(tile + 1, None);
        }
        self.state.errors[tile] = Some(error.max(0.0).sqrt()).filter(|root| root.is_finite());
    }

    /// What the chances are in proportion to: an even part, and one by error. Tiles that nobody
    /// has seen count as the mean of the others.
    fn weights(&self, tiles: usize, clock: &Clock<'_>) -> Vec<f64> {
        let importance = self.numbers.get(2, clock);
        let known: Vec<f64> = self.state.errors.iter().flatten().copied().collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let relative = |tile: usize| match self.state.errors.get(tile).copied().flatten() {
            Some(error) if mean > 0.0 => error / mean,
            _ => 1.0,
        };
        (0..tiles).map(|tile| 1.0 - importance + importance * relative(tile)).collect()
    }
}

impl Wrapper for TileBatches {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn batches(&mut self) -> Option<&mut TileBatches> {
        Some(self)
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(PART.name, state)?;
        Ok(())
    }
}
