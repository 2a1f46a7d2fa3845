//! Particle swarm: each block of Gaussians flies towards the best that was found for it.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::normal;
use crate::optim::{Numbers, Part, Setting, saved};
use crate::strategy::moves::Moves;
use crate::strategy::{Blocks, Brief, Ground, Leg, Search, Strategy, Tried};

/// A particle is all Gaussians; what is best is known for each block, and one drawing of a
/// particle judges all of its blocks.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "particle-swarm",
        help: "particles that fly towards their own and the swarm's best, by blocks",
        source: "Kennedy and Eberhart 1995; Clerc and Kennedy 2002",
        settings: &[
            Setting::new("population", "number of particles", 10.0, [2.0, 1e4]),
            Setting::amount("sigma", "how far the swarm is spread, in standard deviations", 0.01),
            Setting::new("inertia", "share of the velocity that is kept", 0.7298, [0.0, 1.0]),
            Setting::amount("own", "pull of a particle's own best", 1.4962),
            Setting::amount("swarm", "pull of the swarm's best", 1.4962),
            Setting::iterations("block", "Gaussians in each block that is judged by itself", 16.0),
        ],
        ..crate::strategy::PART
    },
    descends: false,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    Ok(vec![Leg::search(brief, brief.passes, |numbers| Box::new(ParticleSwarm::new(numbers)))])
}

#[derive(Debug)]
struct ParticleSwarm {
    population: usize,
    sigma: f64,
    inertia: f64,
    pulls: [f64; 2],
    block: usize,
    state: Option<State>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// What places are steps from.
    origin: Gaussians,
    blocks: Blocks,
    /// Empty until they are drawn for the first time.
    particles: Vec<Particle>,
    /// The swarm's best place, and its loss in each block.
    best: Vec<f32>,
    losses: Vec<f64>,
    /// The particle whose turn it is; behind the last, the swarm's best itself.
    turn: usize,
}

/// Places and velocities, `[N, dimension]`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Particle {
    place: Vec<f32>,
    velocity: Vec<f32>,
    best: Vec<f32>,
    /// Loss of its best in each block.
    losses: Vec<f64>,
}

impl ParticleSwarm {
    fn new(numbers: &Numbers) -> Self {
        let number = |index| numbers.get(index, &Default::default());
        Self {
            population: numbers.count(0) as usize,
            sigma: number(1),
            inertia: number(2),
            pulls: [number(3), number(4)],
            block: numbers.count(5) as usize,
            state: None,
        }
    }
}

impl Particle {
    /// A particle somewhere around the origin.
    fn around(
        origin: &Gaussians,
        dimension: usize,
        sigma: f64,
        random: &mut impl rand::Rng,
    ) -> Self {
        let count = origin.len() * dimension;
        let mut some = || (0..count).map(|_| (sigma * normal::draw(random)) as f32).collect();
        let (place, velocity) = (some(), some());
        Self { place, velocity, best: Vec::new(), losses: Vec::new() }
    }
}

/// Takes the numbers of a block's Gaussians over.
fn copy(to: &mut [f32], from: &[f32], rows: &[usize], dimension: usize) {
    for row in rows {
        let range = row * dimension..(row + 1) * dimension;
        to[range.clone()].copy_from_slice(&from[range]);
    }
}

impl Search for ParticleSwarm {
    fn begin(&mut self, start: &Tried<'_>, ground: &Ground<'_>) {
        let origin = start.gaussians.clone();
        let blocks = Blocks::of(&origin, ground.target, self.block);
        let losses = blocks.losses(start.picture, ground.target, ground.loss);
        let best = vec![0.0; origin.len() * Moves::new(ground).dimension()];
        let particles = Vec::new();
        self.state = Some(State { origin, blocks, particles, best, losses, turn: 0 });
    }

    fn ask(&mut self, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) -> Gaussians {
        let Some(state) = &mut self.state else { return Gaussians::empty(0) };
        let moves = Moves::new(ground);
        let dimension = moves.dimension();
        if state.turn > self.population {
            state.turn = 0;
        }
        let place = if state.turn == self.population {
            &state.best
        } else if state.turn == state.particles.len() {
            let new = Particle::around(&state.origin, dimension, self.sigma, random);
            state.particles.push(new);
            &state.particles[state.turn].place
        } else {
            let Particle { place, velocity, best, .. } = &mut state.particles[state.turn];
            let places = place.iter_mut().zip(velocity.iter_mut());
            for ((place, velocity), (own, swarm)) in places.zip(best.iter().zip(&state.best)) {
                let [a, b] = self.pulls.map(|pull| (pull * random.random::<f64>()) as f32);
                *velocity =
                    self.inertia as f32 * *velocity + a * (own - *place) + b * (swarm - *place);
                *place += *velocity;
            }
            place
        };
        let mut trial = state.origin.clone();
        for (row, step) in place.chunks_exact(dimension).enumerate() {
            let step: Vec<f64> = step.iter().map(|value| f64::from(*value)).collect();
            moves.apply(&mut trial, row, &step);
        }
        trial
    }

    fn tell(&mut self, tried: &Tried<'_>, ground: &Ground<'_>, _: &mut Xoshiro256PlusPlus) {
        let Some(state) = &mut self.state else { return };
        let dimension = Moves::new(ground).dimension();
        let losses = state.blocks.losses(tried.picture, ground.target, ground.loss);
        if let Some(particle) = state.particles.get_mut(state.turn) {
            if particle.best.is_empty() {
                (particle.best, particle.losses) = (particle.place.clone(), losses.clone());
            }
            for (index, block) in state.blocks.iter().enumerate() {
                if losses[index] < particle.losses[index] {
                    particle.losses[index] = losses[index];
                    copy(&mut particle.best, &particle.place, &block.rows, dimension);
                }
                if losses[index] < state.losses[index] {
                    state.losses[index] = losses[index];
                    copy(&mut state.best, &particle.place, &block.rows, dimension);
                }
            }
        } else {
            // What the best of each block come to beside each other.
            state.losses = losses;
        }
        state.turn += 1;
    }

    fn save(&self) -> Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.state = saved::restore("particle-swarm", state)?;
        Ok(())
    }
}
