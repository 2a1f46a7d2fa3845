//! What was learned, in fits of a picture that nobody trained on.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::density::controller::{Controller, Prospect};
use lgi::density::{DensityOptions, Policy};
use lgi::fit::{Checkpoint, FitOptions, Fitter, StopRules, recipe};
use lgi::image::{Image, Size};
use lgi::optim::OptimizerOptions;
use lgi::optim::rules::Learned;

const SIZE: Size = Size::new(64, 48);

/// Waves, an edge and a disc.
fn picture() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let (u, v) = (x as f32 / 9.0, y as f32 / 7.0 + channel as f32);
                let edge = if 2 * x > 3 * y { 0.2 } else { 0.0 };
                let disc = if (x as f32 - 40.0).hypot(y as f32 - 30.0) < 9.0 { 0.3 } else { 0.0 };
                image.plane_mut(channel)[y * SIZE.width + x] =
                    0.3 + 0.15 * u.sin() * v.cos() + edge + disc;
            }
        }
    }
    Arc::new(image)
}

fn options(method: &str) -> FitOptions {
    let stop = StopRules { iterations: 50, ..StopRules::default() };
    let optimizer = OptimizerOptions::of(method).unwrap();
    FitOptions { gaussians: 48, stop, optimizer, ..FitOptions::default() }
}

fn psnr_db(backend: &mut Cpu, options: FitOptions) -> f64 {
    let mut fitter = Fitter::new(backend, picture(), options).unwrap();
    while fitter.step().unwrap().stop.is_none() {}
    fitter.best().psnr_db
}

#[test]
fn the_learned_rule_beats_plain_gradient_descent() {
    let learned = psnr_db(&mut Cpu::new(), options("learned"));
    for rate in [0.01, 0.03, 0.1, 0.3, 1.0] {
        for method in ["sgd", "natural-descent"] {
            let mut options = options(method);
            options.optimizer.set("rate", rate).unwrap();
            let plain = psnr_db(&mut Cpu::new(), options);
            assert!(learned > plain + 0.3, "{learned} dB, {method} at {rate} {plain} dB");
        }
    }
}

#[test]
fn training_of_the_rule_made_it_better() {
    let mut untrained =
        Fitter::new(Box::leak(Box::new(Cpu::new())), picture(), options("learned")).unwrap();
    let rule = Learned::new(Learned::untrained().into());
    let optimizer = options("learned").optimizer.build_with_rule(vec![Box::new(rule)]).unwrap();
    untrained.set_optimizer(optimizer);
    while untrained.step().unwrap().stop.is_none() {}
    let learned = psnr_db(&mut Cpu::new(), options("learned"));
    assert!(learned > untrained.best().psnr_db, "{learned} dB");
}

#[test]
fn learned_fits_are_the_same_whatever_the_threads() {
    let growing = |policy: Policy| {
        let mut options = options("learned");
        options.density = DensityOptions { policy, ..recipe::density(50) };
        options
    };
    for options in [options("learned"), growing(Policy::Rules), growing(Policy::Lifecycle)] {
        let best = |threads: usize| {
            let mut backend = Cpu::with_threads(threads).unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut fitter = Fitter::new(&mut backend, picture(), options.clone()).unwrap();
                while fitter.step().unwrap().stop.is_none() {}
                fitter.best().gaussians
            })
        };
        assert!(best(1) == best(3));
    }
}

#[test]
fn schedules_and_rates_scale_what_the_rule_learned() {
    let mut still = options("learned");
    still.optimizer.set("rate", 0.0).unwrap();
    let mut backend = Cpu::new();
    let mut fitter = Fitter::new(&mut backend, picture(), still).unwrap();
    let before = fitter.gaussians().clone();
    fitter.step().unwrap();
    assert!(*fitter.gaussians() == before);
}

fn ways_to_grow() -> Vec<(&'static str, DensityOptions)> {
    let prospect = Prospect { iterations: 60, pixels: SIZE.pixels(), gaussians: 48 };
    let learned = DensityOptions { policy: Policy::Lifecycle, ..recipe::density(60) };
    vec![("lifecycle", learned), ("controller", Controller::shipped().plan(&prospect))]
}

#[test]
fn learned_growth_ends_with_all_gaussians_and_goes_on_from_a_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.json");
    for (name, density) in ways_to_grow() {
        let mut options = options("lbfgs");
        (options.density, options.stop.iterations) = (density, 60);
        let mut backend = Cpu::new();
        let mut whole = Fitter::new(&mut backend, picture(), options.clone()).unwrap();
        let mut written = false;
        while whole.step().unwrap().stop.is_none() {
            if !written && whole.iteration() >= 12 {
                whole.checkpoint().write(&path).unwrap();
                written = true;
            }
        }
        assert_eq!(whole.best().gaussians.len(), 48, "{name}");
        let expected = whole.best().gaussians;
        let mut backend = Cpu::new();
        let read = Checkpoint::read(&path).unwrap();
        let mut resumed = Fitter::resume(&mut backend, picture(), options, read).unwrap();
        while resumed.step().unwrap().stop.is_none() {}
        assert!(resumed.best().gaussians == expected, "{name}");
    }
}
