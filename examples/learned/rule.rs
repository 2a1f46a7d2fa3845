//! The update rule: training, and comparison with tuned Adam.

use std::sync::Arc;

use lgi::fit::{FitOptions, StopRules};
use lgi::image::Image;
use lgi::learned::Weights;
use lgi::optim::rules::Learned;
use lgi::optim::{Optimizer, OptimizerOptions};
use rayon::prelude::*;

use crate::crops::{Pictures, below, random};
use crate::{CompareArguments, Result, TrainArguments, fits, training};

/// Lengths of the fits that are learned from.
const PASSES: [u64; 4] = [25, 50, 50, 100];

/// Pixels for each Gaussian.
const SPARSITY_PX: [usize; 4] = [32, 65, 65, 130];

pub fn train(arguments: &TrainArguments) -> Result<()> {
    let pictures = Pictures::load(&arguments.pictures)?;
    training::evolve(arguments, Learned::KIND, Learned::untrained(), |weights, task| {
        let mut random = random(task);
        let target = pictures.random_crop(arguments.side, &mut random);
        let passes = PASSES[below(&mut random, PASSES.len())];
        let sparsity = SPARSITY_PX[below(&mut random, SPARSITY_PX.len())];
        let gaussians = arguments.side * arguments.side / sparsity;
        let options = options("learned", gaussians, passes, task)?;
        let optimizer = with_weights(&options, weights)?;
        Ok(-fits::psnr_db(&target, options, Some(optimizer))?)
    })
}

/// A fit by a method with a number of Gaussians that stays.
fn options(method: &str, gaussians: usize, passes: u64, seed: u64) -> lgi::Result<FitOptions> {
    let stop = StopRules { iterations: passes, ..StopRules::default() };
    let optimizer = OptimizerOptions::of(method)?;
    Ok(FitOptions { gaussians, stop, seed, optimizer, ..FitOptions::default() })
}

fn with_weights(options: &FitOptions, weights: &[f32]) -> lgi::Result<Optimizer> {
    options.optimizer.build_with_rule(vec![Box::new(Learned::new(weights.into()))])
}

/// Mean PSNR of a method on targets; `change` sets what is not usual.
fn figures(
    targets: &[Arc<Image>],
    arguments: &CompareArguments,
    method: &str,
    change: impl Fn(&mut FitOptions) -> lgi::Result<()> + Sync,
    weights: Option<&[f32]>,
) -> Result<Vec<f64>> {
    let figures: Vec<lgi::Result<f64>> = targets
        .par_iter()
        .map(|target| {
            let mut sum = 0.0;
            for seed in 0..arguments.seeds {
                let mut options = options(method, arguments.gaussians, arguments.passes, seed)?;
                change(&mut options)?;
                let own = weights.map(|weights| with_weights(&options, weights)).transpose()?;
                sum += fits::psnr_db(target, options, own)?;
            }
            Ok(sum / arguments.seeds as f64)
        })
        .collect();
    Ok(figures.into_iter().collect::<lgi::Result<_>>()?)
}

/// Settings of a method found by a grid on training pictures.
struct Tuned {
    name: &'static str,
    method: &'static str,
    settings: &'static [(&'static str, f64)],
    /// What the cosine ends at, as a share of where it starts.
    end: f64,
}

pub fn compare(arguments: &CompareArguments) -> Result<()> {
    let pictures = Pictures::load(&arguments.pictures)?;
    let targets: Vec<Arc<Image>> =
        pictures.all.iter().map(|picture| picture.middle(arguments.side)).collect();
    fits::head(&pictures.all);
    for Tuned { name, method, settings, end } in TUNED {
        let change = |options: &mut FitOptions| {
            options.optimizer.schedule.set("to", *end)?;
            settings.iter().try_for_each(|(name, value)| options.optimizer.set(name, *value))
        };
        fits::row(name, &figures(&targets, arguments, method, change, None)?);
    }
    let weights = match &arguments.weights {
        Some(path) => Weights::read(path, Learned::KIND, Learned::WEIGHTS)?.values,
        None => Learned::shipped().to_vec(),
    };
    let untrained = Learned::untrained();
    for (name, weights) in [("learned, before training", &untrained), ("learned", &weights)] {
        let found = figures(&targets, arguments, "learned", |_| Ok(()), Some(weights))?;
        fits::row(name, &found);
    }
    fits::row("lbfgs", &figures(&targets, arguments, "lbfgs", |_| Ok(()), None)?);
    Ok(())
}

/// What [`grid`] found on the first seven training pictures.
const TUNED: &[Tuned] = &[
    Tuned { name: "adam, usual rates", method: "adam", settings: &[], end: 0.01 },
    Tuned {
        name: "adam, tuned",
        method: "adam",
        settings: &[
            ("position.rate", 0.28),
            ("shape.rate", 0.098),
            ("color.rate", 0.056),
            ("beta1", 0.7),
            ("beta2", 0.8),
        ],
        end: 0.1,
    },
    Tuned { name: "natural-adam, usual rates", method: "natural-adam", settings: &[], end: 0.01 },
    Tuned {
        name: "natural-adam, tuned",
        method: "natural-adam",
        settings: &[
            ("position.rate", 0.196),
            ("shape.rate", 0.14),
            ("color.rate", 0.0392),
            ("beta1", 0.7),
            ("beta2", 0.8),
        ],
        end: 0.1,
    },
];

/// Prints the mean PSNR of Adam, on the gradient and on the natural gradient, over a coordinate
/// search of its rates, its decays and the end of its schedule.
pub fn grid(arguments: &CompareArguments) -> Result<()> {
    let pictures = Pictures::load(&arguments.pictures)?;
    let targets: Vec<Arc<Image>> =
        pictures.all.iter().map(|picture| picture.middle(arguments.side)).collect();
    for method in ["adam", "natural-adam"] {
        let mut best = Point { factors: [1.0; 3], others: [0.8, 0.95, 0.01] };
        let mut top = f64::MIN;
        let value = |point: &Point| -> Result<f64> {
            let change = |options: &mut FitOptions| {
                let OptimizerOptions { learning_rate, schedule, .. } = &mut options.optimizer;
                learning_rate.position *= point.factors[0] as f32;
                learning_rate.shape *= point.factors[1] as f32;
                learning_rate.color *= point.factors[2] as f32;
                schedule.set("to", point.others[2])?;
                options.optimizer.set("beta1", point.others[0])?;
                options.optimizer.set("beta2", point.others[1])
            };
            let found = figures(&targets, arguments, method, change, None)?;
            Ok(found.iter().sum::<f64>() / found.len() as f64)
        };
        for _ in 0..2 {
            for direction in Point::DIRECTIONS {
                for candidate in best.along(direction) {
                    let mean = value(&candidate)?;
                    if mean > top {
                        (best, top) = (candidate, mean);
                    }
                }
            }
            println!("{method}: {best:?}: {top:.3} dB");
        }
    }
    Ok(())
}

/// Factors on the usual rates of position, shape and colour; both decays and the schedule's end.
#[derive(Clone, Copy, Debug)]
struct Point {
    factors: [f64; 3],
    others: [f64; 3],
}

/// What one step of the grid changes.
#[derive(Clone, Copy)]
enum Direction {
    All,
    One(usize),
    Other(usize, [f64; 4]),
}

impl Point {
    const DIRECTIONS: [Direction; 7] = [
        Direction::All,
        Direction::One(0),
        Direction::One(1),
        Direction::One(2),
        Direction::Other(0, [0.6, 0.7, 0.8, 0.9]),
        Direction::Other(1, [0.8, 0.9, 0.95, 0.99]),
        Direction::Other(2, [0.01, 0.03, 0.1, 0.2]),
    ];

    fn along(self, direction: Direction) -> Vec<Self> {
        let scaled = |which: &[usize]| {
            let factors = [0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0];
            let points = factors.into_iter().map(|factor| {
                let mut point = self;
                which.iter().for_each(|place| point.factors[*place] *= factor);
                point
            });
            points.collect()
        };
        match direction {
            Direction::All => scaled(&[0, 1, 2]),
            Direction::One(place) => scaled(&[place]),
            Direction::Other(which, values) => {
                let points = values.into_iter().map(|value| {
                    let mut point = self;
                    point.others[which] = value;
                    point
                });
                points.collect()
            }
        }
    }
}
