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
use crate::strategy::{Blocks, Brief, Ground, Leg, Search, Strategy, Tried};

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
            Setting::amount("sigma", "first step, in the strongest Gaussians' deviations", 0.05),
            Setting::new("block", "most Gaussians of one evolution", 2.0, [1.0, 32.0]),
        ],
        ..crate::strategy::PART
    },
    descends: false,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    Ok(vec![Leg::search(brief, brief.passes, |numbers| Box::new(Cmaes::new(numbers)))])
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
    /// The best step of each block, and its loss beside the best of the others.
    best: Vec<Vec<f64>>,
    losses: Vec<f64>,
    /// Whether the trial is the best of all blocks together.
    is_best: bool,
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

/// The loss of each block; of one block alone it is the loss itself.
fn losses_of(blocks: &Blocks, tried: &Tried<'_>, ground: &Ground<'_>) -> Vec<f64> {
    if blocks.len() == 1 {
        return vec![tried.loss];
    }
    blocks.losses(tried.picture, ground.target, ground.loss)
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
        let losses = losses_of(&blocks, start, ground);
        let best = blocks.iter().map(|block| vec![0.0; block.rows.len() * dimension]).collect();
        let (trial, is_best) = (Vec::new(), false);
        let state = State { origin, blocks, reach, evolutions, trial, best, losses, is_best };
        self.state = Some(state);
    }

    fn ask(&mut self, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) -> Gaussians {
        let Some(state) = &mut self.state else { return Gaussians::empty(0) };
        let moves = Moves::new(ground);
        // Between two generations the best of all blocks are drawn together: what each came to
        // was beside other neighbours.
        let is_new = state.evolutions.iter().all(Evolution::is_new_generation);
        let together = state.blocks.len() > 1 && !state.trial.is_empty();
        state.is_best = is_new && together && !state.is_best;
        state.trial = if state.is_best {
            state.best.clone()
        } else {
            state.evolutions.iter().map(|evolution| evolution.ask(random)).collect()
        };
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
        let losses = losses_of(&state.blocks, tried, ground);
        if state.is_best {
            state.losses = losses;
            return;
        }
        for (index, loss) in losses.iter().enumerate() {
            if *loss < state.losses[index] {
                state.losses[index] = *loss;
                state.best[index].clone_from(&state.trial[index]);
            }
        }
        let told = state.evolutions.par_iter_mut().zip(&state.trial).zip(losses);
        told.for_each(|((evolution, step), loss)| evolution.tell(step.clone(), loss));
    }

    fn save(&self) -> Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.state = saved::restore("cmaes", state)?;
        Ok(())
    }
}
