//! Tuning: what must hold for those who let it run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lgi::backend::cpu::Cpu;
use lgi::backend::select::DeviceChoice;
use lgi::fit::{FitOptions, StopRules};
use lgi::image::{Image, Size};
use lgi::optim::OptimizerOptions;
use lgi::side_by_side::Workers;
use lgi::strategy::{Run, RunOptions};
use lgi::tune::{Dimension, Scale, Trial, Tuning};

const SIZE: Size = Size::new(24, 20);

fn picture(phase: f32) -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for (place, value) in image.plane_mut(channel).iter_mut().enumerate() {
            let (x, y) = ((place % SIZE.width) as f32, (place / SIZE.width) as f32);
            *value = 0.5 + 0.4 * (0.4 * x + phase).sin() * (0.3 * y + channel as f32).cos();
        }
    }
    Arc::new(image)
}

fn space() -> Vec<Dimension> {
    let ranges = ["rate=log(1e-4,10)", "beta1=linear(0,0.98)"];
    ranges.iter().map(|range| range.parse().unwrap()).collect()
}

fn tuning() -> Tuning {
    let optimizer = OptimizerOptions::of("adam").unwrap().with("rate", 1e-3).unwrap();
    let optimizer = optimizer.with("beta1", 0.5).unwrap();
    let stop = StopRules { iterations: 15, ..StopRules::default() };
    let options = FitOptions { gaussians: 8, stop, optimizer, ..FitOptions::default() };
    Tuning::new(space(), options, vec![picture(0.0), picture(2.0)], 3).unwrap()
}

fn workers(jobs: usize) -> Workers {
    Workers { device: DeviceChoice::Cpu, jobs: Some(jobs) }
}

fn run(tuning: &mut Tuning, trials: usize, jobs: usize) {
    while tuning.trials().len() < trials {
        tuning.step(&workers(jobs), &|| false).unwrap().unwrap();
    }
}

#[test]
fn it_begins_at_the_settings_that_there_are_and_finds_better_ones() {
    let mut tuning = tuning();
    run(&mut tuning, 16, 2);
    let first = &tuning.trials()[0];
    assert!((first.settings[0] - 1e-3).abs() < 1e-12 && (first.settings[1] - 0.5).abs() < 1e-12);
    let best = tuning.best().unwrap();
    assert!(best.mean_psnr_db() > first.mean_psnr_db() + 1.0);
    assert!(best.settings[0] > 0.01, "{best:?}");
}

#[test]
fn a_tuning_that_is_stopped_goes_on_to_the_same_trials_on_any_number_of_threads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trials");
    let mut whole = tuning();
    run(&mut whole, 14, 1);
    let mut part = tuning();
    run(&mut part, 4, 2);
    // Stopped in the middle of a fit: no trial.
    let asked = AtomicUsize::new(0);
    let stopped = || asked.fetch_add(1, Ordering::SeqCst) > 3;
    assert!(part.step(&workers(1), &stopped).unwrap().is_none());
    part.write(&path).unwrap();
    let mut rest = tuning();
    rest.go_on(&path).unwrap();
    run(&mut rest, 14, 2);
    assert_eq!(rest.trials(), whole.trials());
}

#[test]
fn trials_of_another_tuning_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trials");
    tuning().write(&path).unwrap();
    let mut other =
        Tuning::new(space(), tuning().setup().options.clone(), vec![picture(0.0), picture(1.0)], 3)
            .unwrap();
    let error = other.go_on(&path).unwrap_err().to_string();
    assert!(error.contains("other pictures") && error.ends_with("trials"), "{error}");
    std::fs::write(&path, "no").unwrap();
    assert!(tuning().go_on(&path).unwrap_err().to_string().contains("file of trials"));
}

#[test]
fn what_the_method_has_not_is_refused_before_the_first_trial() {
    let of = |range: &str| {
        let options = tuning().setup().options.clone();
        let space = vec![range.parse().unwrap()];
        Tuning::new(space, options, vec![picture(0.0)], 0).map(|_| ()).unwrap_err().to_string()
    };
    assert!(of("beta7=linear(0,1)").contains("adam.beta1"));
    assert!(of("beta1=linear(0,1)").contains("below 1"));
    let twice = [space(), space()].concat();
    let options = tuning().setup().options.clone();
    let error = Tuning::new(twice, options, vec![picture(0.0)], 0).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "rate has two ranges");
    assert_eq!(space()[0].scale, Scale::Log);
}

#[test]
fn settings_of_strategies_and_of_stages_are_tuned_from_their_defaults() {
    let stop = StopRules { iterations: 20, ..StopRules::default() };
    let fit = FitOptions { gaussians: 8, stop, ..FitOptions::default() };
    let mut options = RunOptions::from(fit);
    options.set_method("annealing:12+lbfgs:8").unwrap();
    let ranges = ["annealing.sigma=log(1e-3,1)", "share=linear(0.1,0.9)", "memory=linear(1,20)"];
    let space: Vec<Dimension> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    let new = |options: &RunOptions| {
        Tuning::new(space.clone(), options.clone(), vec![picture(0.0)], 5).unwrap()
    };
    let mut tuning = new(&options);
    run(&mut tuning, 10, 1);
    let first = &tuning.trials()[0];
    let usual = ["annealing.sigma", "annealing.share", "lbfgs.memory"];
    let usual = usual.map(|name| options.number(name).unwrap());
    assert_eq!(first.settings, usual);
    let psnr: Vec<f64> = tuning.trials().iter().map(Trial::mean_psnr_db).collect();
    assert!(psnr.iter().any(|value| *value != psnr[0]), "the settings change nothing: {psnr:?}");
    // What a trial says is what a run of the best settings gives.
    let best = tuning.best().unwrap();
    let mut cpu = Cpu::with_threads(1).unwrap();
    let found = tuning.options(&best.settings).unwrap();
    let mut again = Run::new(&mut cpu, picture(0.0), found).unwrap();
    while again.step().unwrap().stop.is_none() {}
    assert_eq!(Some(again.best().psnr_db), best.psnr_db[0]);
    // What was said wins over the defaults.
    options.set("share", 0.5).unwrap();
    let mut tuning = new(&options);
    run(&mut tuning, 1, 1);
    assert_eq!(tuning.trials()[0].settings, [usual[0], 0.5, usual[2]]);
}
