//! What must hold for everything that a method can be put together from.

use std::sync::Arc;
use std::sync::atomic::Ordering;

#[path = "common/watched_oracle.rs"]
mod watched_oracle;

use lgi::backend::oracle::Oracle;
use lgi::fit::{Checkpoint, FitOptions, Fitter, StopRules};
use lgi::image::{Image, Size};
use lgi::optim::{Kind, OptimizerOptions, Part, registry};
use lgi::strategy::{self, Run, RunCheckpoint, RunOptions, Strategy};
use watched_oracle::WatchedOracle;

const SIZE: Size = Size::new(20, 16);

fn picture() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let (u, v) = (x as f32 * 0.42, y as f32 * 0.37 + channel as f32);
                image.plane_mut(channel)[y * SIZE.width + x] = 0.45 + 0.3 * u.sin() * v.cos();
            }
        }
    }
    Arc::new(image)
}

fn options(optimizer: OptimizerOptions) -> FitOptions {
    let stop = StopRules { iterations: 60, ..StopRules::default() };
    FitOptions { gaussians: 6, stop, optimizer, ..FitOptions::default() }
}

/// A method with this part in it, whose periods are short enough to pass a few times.
fn method_with(part: &Part) -> OptimizerOptions {
    let text = match part.kind {
        Kind::Rule => part.name.to_owned(),
        Kind::Schedule => "adam".to_owned(),
        _ => format!("{},adam", part.name),
    };
    let mut options = OptimizerOptions::of(&text).unwrap();
    for setting in part.settings.iter().filter(|_| part.kind != Kind::Schedule) {
        if ["every", "period", "patience", "whole"].contains(&setting.name) {
            options.set(&format!("{}.{}", part.name, setting.name), 2.0).unwrap();
        }
    }
    match part.name {
        "freeze" => options.set("color.weight", 1.0).unwrap(),
        "tile-batches" => options.set("size", 8.0).unwrap(),
        "swa" => options.set("start", 0.0).unwrap(),
        "table" => options.schedule = "table(0=1,4=0.5)".parse().unwrap(),
        "plateau" => options.schedule = "plateau(1,0.5,0,0.5)".parse().unwrap(),
        name if part.kind == Kind::Schedule => options.schedule = name.parse().unwrap(),
        _ => {}
    }
    options
}

/// A checkpoint without what a clock says.
fn without_time(checkpoint: &Checkpoint) -> serde_json::Value {
    let mut value = serde_json::to_value(checkpoint).unwrap();
    value["state"]["seconds"] = 0.into();
    value
}

#[test]
fn six_iterations_at_once_are_three_a_checkpoint_and_three_more() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.json");
    for part in registry::parts() {
        let options = options(method_with(part));
        let mut oracle = Oracle;
        let mut whole = Fitter::new(&mut oracle, picture(), options.clone()).unwrap();
        for step in 0..6 {
            if step == 3 {
                whole.checkpoint().write(&path).unwrap();
            }
            whole.step().unwrap();
        }
        let expected = without_time(&whole.checkpoint());
        let mut oracle = Oracle;
        let read = Checkpoint::read(&path).unwrap();
        let mut resumed = Fitter::resume(&mut oracle, picture(), options, read).unwrap();
        for _ in 0..3 {
            resumed.step().unwrap();
        }
        assert!(without_time(&resumed.checkpoint()) == expected, "{part:?}");
    }
}

#[test]
fn every_method_lowers_the_loss() {
    for part in registry::parts() {
        let mut oracle = Oracle;
        let mut fitter = Fitter::new(&mut oracle, picture(), options(method_with(part))).unwrap();
        let first = fitter.step().unwrap().loss;
        while fitter.step().unwrap().stop.is_none() {}
        let last = fitter.best().loss;
        assert!(last < first, "{part:?}: {first} to {last}");
    }
}

#[test]
fn methods_of_several_parts_grow_and_resume() {
    let mut optimizer = OptimizerOptions::of(
        "clip-l2,accumulate,ema,lookahead,sam,max-condition,anisotropy,dropout,adamw",
    )
    .unwrap();
    optimizer.set("accumulate.every", 2.0).unwrap();
    optimizer.set("lookahead.every", 3.0).unwrap();
    let mut options = options(optimizer);
    options.density = lgi::fit::recipe::density(60);
    options.gaussians = 12;
    let mut oracle = Oracle;
    let mut whole = Fitter::new(&mut oracle, picture(), options.clone()).unwrap();
    let mut middle = None;
    while whole.step().unwrap().stop.is_none() {
        if middle.is_none() && whole.iteration() >= 20 {
            middle = Some(whole.checkpoint());
        }
    }
    assert_eq!(whole.gaussians().len(), 12);
    let expected = whole.best().gaussians;
    let mut oracle = Oracle;
    let mut resumed = Fitter::resume(&mut oracle, picture(), options, middle.unwrap()).unwrap();
    while resumed.step().unwrap().stop.is_none() {}
    assert!(resumed.best().gaussians == expected);
}

#[test]
fn sharpness_aware_steps_cost_twice_the_passes() {
    let mut oracle = Oracle;
    let optimizer = OptimizerOptions::of("sam,adam").unwrap();
    let mut fitter = Fitter::new(&mut oracle, picture(), options(optimizer)).unwrap();
    for _ in 0..5 {
        fitter.step().unwrap();
    }
    assert_eq!(fitter.iteration(), 10);
}

/// A run of this strategy that has all its legs.
fn run_of(strategy: &Strategy) -> RunOptions {
    let mut options = RunOptions::from(options(OptimizerOptions::default()));
    options.fit.stop.iterations = 24;
    options.set_method(strategy.part.name).unwrap();
    options
}

fn finish(run: &mut Run<'_>) {
    while run.step().unwrap().stop.is_none() {}
}

#[test]
fn strategies_that_were_stopped_anywhere_end_in_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = |step| directory.path().join(format!("{step}.json"));
    for strategy in strategy::all() {
        let options = run_of(strategy);
        let mut oracle = Oracle;
        let mut whole = Run::new(&mut oracle, picture(), options.clone()).unwrap();
        let mut steps = 0;
        while whole.step().unwrap().stop.is_none() {
            steps += 1;
            whole.checkpoint().unwrap().write(&path(steps)).unwrap();
        }
        let expected = (timeless(&whole), whole.best().gaussians);
        for step in (1..steps).step_by(5) {
            let mut oracle = Oracle;
            let read = RunCheckpoint::read(&path(step)).unwrap();
            let mut resumed = Run::resume(&mut oracle, picture(), options.clone(), read).unwrap();
            finish(&mut resumed);
            let ended = (timeless(&resumed), resumed.best().gaussians);
            assert!(ended == expected, "{} from step {step}", strategy.part.name);
        }
    }
}

/// The state of a run without what a clock says.
fn timeless(run: &Run<'_>) -> serde_json::Value {
    fn still(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove("seconds");
                map.values_mut().for_each(still);
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(still),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(run.checkpoint().unwrap()).unwrap();
    still(&mut value);
    value
}

#[test]
fn every_strategy_lowers_the_loss_and_keeps_the_number_of_gaussians() {
    for strategy in strategy::all() {
        let mut options = run_of(strategy);
        options.fit.stop.iterations = 60;
        let start = RunOptions::from(options.fit.clone());
        let mut oracle = Oracle;
        let first = Run::new(&mut oracle, picture(), start).unwrap().step().unwrap().loss;
        let mut oracle = Oracle;
        let mut run = Run::new(&mut oracle, picture(), options).unwrap();
        finish(&mut run);
        let best = run.best();
        let name = strategy.part.name;
        assert!(best.loss < first, "{name}: {first} to {}", best.loss);
        assert_eq!(best.gaussians.len(), 6, "{name}");
    }
}

#[test]
fn a_strategy_costs_the_passes_that_it_was_given() {
    for strategy in strategy::all() {
        let mut options = run_of(strategy);
        options.fit.stop.iterations = 40;
        let legs = options.legs(&picture()).unwrap().len() as f64;
        let mut backend = WatchedOracle::default();
        let pixels = Arc::clone(&backend.pixels);
        let mut run = Run::new(&mut backend, picture(), options).unwrap();
        // As with every fit, the start's colours are not counted.
        pixels.store(0, Ordering::Relaxed);
        let first = run.iteration();
        finish(&mut run);
        let passes = pixels.load(Ordering::Relaxed) as f64 / (2 * SIZE.pixels()) as f64;
        let counted = (run.iteration() - first) as f64;
        let name = strategy.part.name;
        // The last evaluation has no step and is not counted; halves are counted as wholes.
        assert!(passes <= counted + 1.0, "{name}: {passes} passes, {counted} counted");
        assert!(passes >= counted - 0.8 * legs, "{name}: {passes} passes, {counted} counted");
        assert!(counted <= 40.0 + 2.0, "{name}: {counted} counted");
    }
}

#[test]
fn a_plain_method_is_the_fit_itself() {
    let options = options(OptimizerOptions::of("clip-l2,adam").unwrap());
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, picture(), options.clone()).unwrap();
    while fitter.step().unwrap().stop.is_none() {}
    let mut named = RunOptions::from(options.clone());
    named.set_method("clip-l2,adam:60").unwrap();
    for run in [RunOptions::from(options), named] {
        let mut oracle = Oracle;
        let mut run = Run::new(&mut oracle, picture(), run).unwrap();
        finish(&mut run);
        assert!(run.best().gaussians == fitter.best().gaussians);
        assert_eq!(run.iteration(), fitter.iteration());
    }
}
