//! CMA-ES: the whole picture at small N, block by block at large.

use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::optim::{Numbers, Part, Setting, saved};
use crate::strategy::evolution::{Evolution, Population};
use crate::strategy::moves::Moves;
use crate::strategy::{Blocks, Brief, Ground, Leg, Search, Strategy, Tried, Work};

/// One evolution for each block of a few Gaussians, all of them judged by the same drawings. A
/// picture of no more Gaussians than a block has is one evolution, by its whole loss.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "cmaes",
        help: "covariance matrix adaptation, by blocks of Gaussians",
        source: "Hansen and Ostermeier 2001; Krause, Arbones and Igel 2016",
        settings: &[
            Setting::new(
                "population",
                "trials in a generation; 0 for 4 + 3 ln(dimensions)",
                0.0,
                [0.0, 1e4],
            ),
            Setting::amount("sigma", "first step, in the smallest Gaussians' deviations", 0.1),
            Setting::new("block", "most Gaussians of one evolution", 4.0, [1.0, 32.0]),
        ],
        ..crate::strategy::PART
    },
    within: "",
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let numbers = brief.numbers.clone();
    let work = Work::Search { build: |numbers| Box::new(Cmaes::new(numbers)), numbers };
    Ok(vec![Leg { passes: brief.passes, work }])
}

#[derive(Debug)]
struct Cmaes {
    population: usize,
    sigma: f64,
    block: usize,
    state: Option<State>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// What steps are taken from.
    origin: Gaussians,
    blocks: Blocks,
    /// How far each Gaussian may go, against the others of its block.
    reach: Vec<f64>,
    evolutions: Vec<Evolution>,
    /// Steps of the trial that is being drawn, one for each block.
    trial: Vec<Vec<f64>>,
    /// Whether it is the mean of every evolution.
    is_mean: bool,
}

impl Cmaes {
    fn new(numbers: &Numbers) -> Self {
        Self {
            population: numbers.count(0) as usize,
            sigma: numbers.get(1, &Default::default()),
            block: numbers.count(2) as usize,
            state: None,
        }
    }
}

impl Search for Cmaes {
    fn begin(&mut self, start: &Tried<'_>, ground: &Ground<'_>) {
        let dimension = Moves::new(ground).dimension();
        let origin = start.gaussians.clone();
        let blocks = Blocks::of(&origin, ground.target, self.block);
        let largest = blocks.iter().map(|block| block.rows.len()).max().unwrap_or(0);
        // All blocks share their generations: one drawing is a trial of each.
        let population = match self.population {
            0 => Population::usual(largest * dimension),
            count => Population::of(count),
        };
        let evolution = |rows: usize| Evolution::new(rows * dimension, self.sigma, population);
        let evolutions = blocks.iter().map(|block| evolution(block.rows.len())).collect();
        // In each block the Gaussian that may go least far has reach 1.
        let mut reach = vec![1.0; origin.len()];
        for block in blocks.iter() {
            let of = |row: &usize| Moves::reach(&origin, *row);
            let least = block.rows.iter().map(of).fold(f64::INFINITY, f64::min);
            block.rows.iter().for_each(|row| reach[*row] = (of(row) / least).min(10.0));
        }
        let (trial, is_mean) = (Vec::new(), false);
        self.state = Some(State { origin, blocks, reach, evolutions, trial, is_mean });
    }

    fn ask(&mut self, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) -> Gaussians {
        let Some(state) = &mut self.state else { return Gaussians::empty(0) };
        let moves = Moves::new(ground);
        // Between two generations the means are drawn: each may be the best so far.
        let is_new = state.evolutions.iter().all(Evolution::is_new_generation);
        state.is_mean = is_new && !state.is_mean;
        let mean = state.is_mean;
        let step = |evolution: &mut Evolution| {
            if mean { evolution.mean().to_vec() } else { evolution.ask(random) }
        };
        state.trial = state.evolutions.iter_mut().map(step).collect();
        let mut trial = state.origin.clone();
        let dimension = moves.dimension();
        for (block, steps) in state.blocks.iter().zip(&state.trial) {
            for (row, step) in block.rows.iter().zip(steps.chunks_exact(dimension)) {
                let step: Vec<f64> = step.iter().map(|value| value * state.reach[*row]).collect();
                moves.apply(&mut trial, *row, &step);
            }
        }
        trial
    }

    fn tell(&mut self, tried: &Tried<'_>, ground: &Ground<'_>, _: &mut Xoshiro256PlusPlus) {
        let Some(state) = &mut self.state else { return };
        if state.is_mean {
            return;
        }
        let losses = if state.blocks.len() == 1 {
            vec![tried.loss]
        } else {
            state.blocks.losses(tried.picture, ground.target, ground.loss)
        };
        let trials = std::mem::take(&mut state.trial);
        let told = state.evolutions.par_iter_mut().zip(trials).zip(losses);
        told.for_each(|((evolution, step), loss)| evolution.tell(step, loss));
    }

    fn save(&self) -> Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.state = saved::restore("cmaes", state)?;
        Ok(())
    }
}
