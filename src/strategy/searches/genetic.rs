//! Genetic search: children take regions of the picture from two parents.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::normal;
use crate::optim::{Group, Numbers, Part, PerGroup, Setting, saved};
use crate::strategy::moves::{Moves, copy_row};
use crate::strategy::{Blocks, Brief, Ground, Leg, Search, Strategy, Tried};

/// A population of whole pictures. A child has each region, a block of Gaussians, from one of its
/// parents, mostly from the one that draws it better; then some of its Gaussians mutate in one
/// group of parameters.
pub const STRATEGY: Strategy = Strategy {
    part: Part {
        name: "genetic",
        help: "splices regions of two parents, and mutates one group of parameters",
        source: "Holland 1975; Syswerda 1989 (steady state)",
        settings: &[
            Setting::new("population", "number of members", 8.0, [2.0, 1e4]),
            Setting::amount("sigma", "length of a mutation, in standard deviations", 0.03),
            Setting::new("rate", "share of the regions that mutate in a child", 1.0, [0.0, 1.0]),
            Setting::new(
                "greed",
                "how often a region comes from the parent that draws it better",
                0.9,
                [0.0, 1.0],
            ),
            Setting::iterations("block", "Gaussians in each region", 2.0),
        ],
        ..crate::strategy::PART
    },
    descends: false,
    plan,
};

fn plan(brief: &Brief<'_>) -> Result<Vec<Leg>> {
    Ok(vec![Leg::search(brief, brief.passes, |numbers| Box::new(Genetic::new(numbers)))])
}

#[derive(Debug)]
struct Genetic {
    population: usize,
    /// Length of mutations of each group.
    sigma: PerGroup<f64>,
    rate: f64,
    greed: f64,
    block: usize,
    state: Option<State>,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    regions: Blocks,
    members: Vec<Member>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Member {
    gaussians: Gaussians,
    loss: f64,
    /// Loss of each region.
    losses: Vec<f64>,
}

impl Genetic {
    fn new(numbers: &Numbers) -> Self {
        let number = |index| numbers.get(index, &Default::default());
        let of_group = numbers.at(&Default::default());
        Self {
            population: numbers.count(0) as usize,
            sigma: of_group.map(|values| f64::from(values[1])),
            rate: number(2),
            greed: number(3),
            block: numbers.count(4) as usize,
            state: None,
        }
    }

    fn mutate(
        &self,
        child: &mut Gaussians,
        regions: &Blocks,
        ground: &Ground<'_>,
        random: &mut Xoshiro256PlusPlus,
    ) {
        let moves = Moves::new(ground);
        for region in regions.iter().filter(|region| !region.rows.is_empty()) {
            if random.random::<f64>() >= self.rate {
                continue;
            }
            let row = region.rows[random.random_range(0..region.rows.len())];
            let group = Group::ALL[random.random_range(0..Group::ALL.len())];
            let numbers = match group {
                Group::Position => 0..2,
                Group::Shape => 2..moves.geometry(),
                Group::Color => moves.geometry()..moves.dimension(),
            };
            let mut step = vec![0.0; moves.dimension()];
            step[numbers].fill_with(|| self.sigma.get(group) * normal::draw(random));
            moves.apply(child, row, &step);
        }
    }
}

/// The better of two members that chance picks.
fn tournament(members: &[Member], random: &mut impl rand::Rng) -> usize {
    let [a, b] = [0; 2].map(|_| random.random_range(0..members.len()));
    if members[a].loss <= members[b].loss { a } else { b }
}

/// A child that has each region from one of two parents.
fn splice(
    parents: [&Member; 2],
    regions: &Blocks,
    greed: f64,
    random: &mut impl rand::Rng,
) -> Gaussians {
    let mut child = parents[0].gaussians.clone();
    for (index, region) in regions.iter().enumerate() {
        let better = usize::from(parents[1].losses[index] < parents[0].losses[index]);
        let chosen = if random.random::<f64>() < greed { better } else { 1 - better };
        for row in &region.rows {
            copy_row(&mut child, &parents[chosen].gaussians, *row);
        }
    }
    child
}

impl Search for Genetic {
    fn begin(&mut self, start: &Tried<'_>, ground: &Ground<'_>) {
        let regions = Blocks::of(start.gaussians, ground.target, self.block);
        let losses = regions.losses(start.picture, ground.target, ground.loss);
        let first = Member { gaussians: start.gaussians.clone(), loss: start.loss, losses };
        self.state = Some(State { regions, members: vec![first] });
    }

    fn ask(&mut self, ground: &Ground<'_>, random: &mut Xoshiro256PlusPlus) -> Gaussians {
        let Some(state) = &self.state else { return Gaussians::empty(0) };
        let members = &state.members;
        // Until the population is complete, members are mutations of the start.
        let mut child = if members.len() < self.population {
            members[0].gaussians.clone()
        } else {
            let parents = [0; 2].map(|_| &members[tournament(members, random)]);
            splice(parents, &state.regions, self.greed, random)
        };
        self.mutate(&mut child, &state.regions, ground, random);
        child
    }

    fn tell(&mut self, tried: &Tried<'_>, ground: &Ground<'_>, _: &mut Xoshiro256PlusPlus) {
        let Some(State { regions, members }) = &mut self.state else { return };
        let losses = regions.losses(tried.picture, ground.target, ground.loss);
        let child = Member { gaussians: tried.gaussians.clone(), loss: tried.loss, losses };
        if members.len() < self.population {
            members.push(child);
            return;
        }
        // Steady state: the worst makes room for a child that is better.
        let worst = members.iter_mut().max_by(|a, b| a.loss.total_cmp(&b.loss));
        if let Some(worst) = worst.filter(|worst| child.loss < worst.loss) {
            *worst = child;
        }
    }

    fn save(&self) -> Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &Value) -> Result<()> {
        self.state = saved::restore("genetic", state)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;
    use crate::image::{Image, Size};

    #[test]
    fn every_gaussian_of_a_child_is_one_of_its_parents() {
        let target = Image::zeros(Size::new(40, 30), 1);
        let member = |color: f32| {
            let mut gaussians = Gaussians::empty(1);
            for index in 0..30_u8 {
                let mean = [f32::from(index % 6) * 7.0 + color, f32::from(index / 6) * 6.0];
                gaussians.push(mean, [2.0, 0.0, 0.0, 1.0 + color], &[color]);
            }
            gaussians
        };
        let [first, second] = [member(0.1), member(0.9)];
        let regions = Blocks::of(&first, &target, 4);
        let losses = |better: usize| {
            (0..regions.len()).map(|index| if index % 2 == better { 1.0 } else { 2.0 }).collect()
        };
        let parents = [
            Member { gaussians: first, loss: 1.0, losses: losses(0) },
            Member { gaussians: second, loss: 1.0, losses: losses(1) },
        ];
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        for greed in [1.0, 0.5, 0.0] {
            let child = splice([&parents[0], &parents[1]], &regions, greed, &mut random);
            for (index, region) in regions.iter().enumerate() {
                let of = |parent: &Member| {
                    region.rows.iter().all(|row| {
                        child.mean_px[*row] == parent.gaussians.mean_px[*row]
                            && child.factor_px[*row] == parent.gaussians.factor_px[*row]
                            && child.color_of(*row) == parent.gaussians.color_of(*row)
                    })
                };
                let from = [of(&parents[0]), of(&parents[1])];
                assert!(from[0] != from[1], "region {index} at {greed}: {from:?}");
                if greed != 0.5 {
                    assert_eq!(from[index % 2], greed == 1.0, "region {index} at {greed}");
                }
            }
        }
    }
}
