//! Simulated annealing of the geometry, then descent.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::normal;
use crate::optim::{Numbers, Part, Setting, saved};
use crate::strategy::moves::{Moves, copy_row};
use crate::strategy::{Blocks, Brief, Ground, Leg, Search, Strategy, Tried, shares};

/// Random moves of position and shape, kept where they lower the loss around them, and now and
/// then where they do not; then descent.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "annealing",
        help: "simulated annealing of positions and shapes, then descent",
        source: "Kirkpatrick, Gelatt and Vecchi 1983",
        settings: &[
            Setting::new("share", "share of the passes that is annealing", 0.3, [0.0, 1.0]),
            Setting::amount("temperature", "first temperature, in shares of a block's loss", 1e-4),
            Setting::amount("sigma", "first length of a move, in standard deviations", 0.1),
            Setting::iterations("block", "Gaussians in each block that is judged by itself", 4.0),
        ],
        ..crate::strategy::PART
    },
    descends: true,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    let share = brief.number(0);
    let passes = shares(brief.passes, &[share, 1.0 - share]);
    let search = Leg::search(brief, passes[0], |numbers| Box::new(Annealing::new(numbers)));
    Ok(vec![search, brief.descent(passes[1])])
}

/// Trials from one drawing of all that was kept to the next: what one block keeps changes its
/// neighbours too.
const CHECK_EVERY: u64 = 4;

/// Share of the blocks that move in one trial.
const MOVING: f64 = 0.5;

/// The search. One drawing judges a move in each of half the blocks.
#[derive(Debug)]
struct Annealing {
    temperature: f64,
    sigma: f64,
    block: usize,
    state: Option<State>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    kept: Gaussians,
    blocks: Blocks,
    /// Loss of each block as it is kept.
    losses: Vec<f64>,
    /// The Gaussian that each block moves in the present trial.
    moving: Vec<Option<usize>>,
    trials: u64,
}

impl Annealing {
    fn new(numbers: &Numbers) -> Self {
        let [temperature, sigma] = [1, 2].map(|index| numbers.get(index, &Default::default()));
        Self { temperature, sigma, block: numbers.count(3) as usize, state: None }
    }
}

impl Search for Annealing {
    fn begin(&mut self, start: &Tried<'_>, ground: &Ground<'_>) {
        let blocks = Blocks::of(start.gaussians, ground.target, self.block);
        let losses = blocks.losses(start.picture, ground.target, ground.loss);
        let (kept, moving) = (start.gaussians.clone(), Vec::new());
        self.state = Some(State { kept, blocks, losses, moving, trials: 0 });
    }

    fn ask(&mut self, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) -> Gaussians {
        let Some(state) = &mut self.state else { return Gaussians::empty(0) };
        state.trials += 1;
        state.moving.clear();
        let mut trial = state.kept.clone();
        if state.trials.is_multiple_of(CHECK_EVERY) {
            return trial;
        }
        let moves = Moves::new(ground);
        let sigma = self.sigma * (1.0 - 0.9 * ground.progress);
        for block in state.blocks.iter() {
            let moves_now = !block.rows.is_empty() && random.random::<f64>() < MOVING;
            let row = moves_now.then(|| block.rows[random.random_range(0..block.rows.len())]);
            if let Some(row) = row {
                let step: Vec<f64> =
                    (0..moves.geometry()).map(|_| sigma * normal::draw(random)).collect();
                moves.apply(&mut trial, row, &step);
            }
            state.moving.push(row);
        }
        trial
    }

    fn tell(&mut self, tried: &Tried<'_>, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) {
        let Some(state) = &mut self.state else { return };
        let losses = state.blocks.losses(tried.picture, ground.target, ground.loss);
        if state.moving.is_empty() {
            state.losses = losses;
            return;
        }
        let mean = state.losses.iter().sum::<f64>() / state.losses.len().max(1) as f64;
        let temperature = self.temperature * mean * (1.0 - ground.progress).powi(2);
        for (index, row) in state.moving.iter().enumerate() {
            let Some(row) = *row else { continue };
            let rise = losses[index] - state.losses[index];
            // Metropolis et al. 1953. The number is drawn in any case: trials stay the same.
            let luck: f64 = random.random();
            if rise <= 0.0 || luck < (-rise / temperature.max(1e-300)).exp() {
                copy_row(&mut state.kept, tried.gaussians, row);
                state.losses[index] = losses[index];
            }
        }
    }

    fn save(&self) -> Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.state = saved::restore("annealing", state)?;
        Ok(())
    }
}
