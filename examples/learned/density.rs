//! Density control: the lifecycle policy and the controller of growth, and comparison with the
//! rules.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::density::controller::{self, Controller, Prospect};
use lgi::density::{DensityOptions, Lifecycle, Policy};
use lgi::fit::{FitOptions, Fitter, recipe};
use lgi::image::Image;
use lgi::learned::{self, Weights};
use rayon::prelude::*;

use crate::crops::{Pictures, below, random};
use crate::{CompareArguments, Result, TrainArguments, fits, training};

/// Lengths of the fits that are learned from.
const PASSES: [u64; 3] = [75, 125, 200];

/// Pixels for each Gaussian.
const SPARSITY_PX: usize = 65;

/// A fit as the presets make it.
fn preset(gaussians: usize, passes: u64, seed: u64) -> FitOptions {
    let mut options = FitOptions { gaussians, seed, ..FitOptions::default() };
    options.stop.iterations = passes;
    recipe::apply(&mut options);
    options
}

fn psnr_db(
    target: &Arc<Image>,
    options: FitOptions,
    lifecycle: Option<Lifecycle>,
) -> lgi::Result<f64> {
    let mut backend = Cpu::new();
    let mut fitter = Fitter::new(&mut backend, target.clone(), options)?;
    if let Some(lifecycle) = lifecycle {
        fitter.set_lifecycle(lifecycle);
    }
    fits::end(&mut fitter)
}

pub fn train_lifecycle(arguments: &TrainArguments) -> Result<()> {
    let pictures = Pictures::load(&arguments.pictures)?;
    training::evolve(arguments, Lifecycle::KIND, Lifecycle::untrained(), |weights, task| {
        let mut random = random(task);
        let target = pictures.random_crop(arguments.side, &mut random);
        let passes = PASSES[below(&mut random, PASSES.len())];
        let options = preset(arguments.side * arguments.side / SPARSITY_PX, passes, task);
        Ok(-psnr_db(&target, options, Some(Lifecycle::new(weights.into())))?)
    })
}

/// What the controller is trained on.
struct Growth<'a> {
    pictures: &'a Pictures,
    side: usize,
}

impl Growth<'_> {
    fn task(&self, task: u64) -> (Arc<Image>, Prospect) {
        let mut random = random(task);
        let target = self.pictures.random_crop(self.side, &mut random);
        let iterations = PASSES[below(&mut random, PASSES.len())];
        let pixels = self.side * self.side;
        (target, Prospect { iterations, pixels, gaussians: pixels / SPARSITY_PX })
    }
}

impl learned::StochasticPolicy for Growth<'_> {
    fn draw(&self, weights: &[f32], task: u64, uniform: &mut dyn FnMut() -> f64) -> Vec<usize> {
        Controller::draw(weights, &self.task(task).1, uniform)
    }

    fn add_log_gradient(
        &self,
        weights: &[f32],
        task: u64,
        decisions: &[usize],
        scale: f32,
        gradient: &mut [f32],
    ) {
        let prospect = self.task(task).1;
        Controller::add_log_gradient(weights, &prospect, decisions, scale, gradient);
    }

    fn reward(&self, task: u64, decisions: &[usize]) -> lgi::Result<f64> {
        let (target, prospect) = self.task(task);
        let mut options = preset(prospect.gaussians, prospect.iterations, task);
        options.density = controller::options(decisions, prospect.iterations);
        psnr_db(&target, options, None)
    }
}

pub fn train_controller(arguments: &TrainArguments) -> Result<()> {
    let pictures = Pictures::load(&arguments.pictures)?;
    let growth = Growth { pictures: &pictures, side: arguments.side };
    training::reinforce(arguments, Controller::KIND, Controller::untrained(), &growth)
}

fn controller(arguments: &CompareArguments) -> Result<Controller> {
    let Some(path) = &arguments.controller else { return Ok(Controller::shipped()) };
    let weights = Weights::read(path, Controller::KIND, Controller::WEIGHTS)?;
    Ok(Controller::new(weights.values.into()))
}

fn policy(arguments: &CompareArguments) -> Result<Option<Lifecycle>> {
    let Some(path) = &arguments.weights else { return Ok(None) };
    let weights = Weights::read(path, Lifecycle::KIND, Lifecycle::WEIGHTS)?;
    Ok(Some(Lifecycle::new(weights.values.into())))
}

pub fn compare(arguments: &CompareArguments) -> Result<()> {
    let pictures = Pictures::load(&arguments.pictures)?;
    fits::head(&pictures.all);
    let prospect = Prospect {
        iterations: arguments.passes,
        pixels: arguments.side * arguments.side,
        gaussians: arguments.gaussians,
    };
    let rules = recipe::density(arguments.passes);
    let splits = DensityOptions { split_trust: 0.25, ..rules };
    let learned = DensityOptions { policy: Policy::Lifecycle, ..rules };
    let controlled = controller(arguments)?.plan(&prospect);
    let untrained = || Some(Lifecycle::new(Lifecycle::untrained().into()));
    let ways = [
        ("no density control", DensityOptions::FIXED, None),
        ("rules", rules, None),
        ("rules, with splits", splits, None),
        ("lifecycle policy, before training", learned, untrained()),
        ("lifecycle policy", learned, policy(arguments)?),
        ("controller", controlled, None),
    ];
    for (name, density, lifecycle) in ways {
        let figures: Vec<lgi::Result<f64>> = pictures
            .all
            .par_iter()
            .map(|picture| {
                let target = picture.middle(arguments.side);
                let mut sum = 0.0;
                for seed in 0..arguments.seeds {
                    let mut options = preset(arguments.gaussians, arguments.passes, seed);
                    options.density = density;
                    sum += psnr_db(&target, options, lifecycle.clone())?;
                }
                Ok(sum / arguments.seeds as f64)
            })
            .collect();
        fits::row(name, &figures.into_iter().collect::<lgi::Result<Vec<f64>>>()?);
    }
    println!("\n{controlled:?}");
    Ok(())
}
