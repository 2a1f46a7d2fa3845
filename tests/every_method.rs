//! What must hold for everything that a method can be put together from.

use std::sync::Arc;

use lgi::backend::oracle::Oracle;
use lgi::fit::{Checkpoint, FitOptions, Fitter, StopRules};
use lgi::image::{Image, Size};
use lgi::optim::{Kind, OptimizerOptions, Part, registry};

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
        if ["every", "period", "patience"].contains(&setting.name) {
            options.set(&format!("{}.{}", part.name, setting.name), 2.0).unwrap();
        }
    }
    match part.name {
        "freeze" => options.set("color.weight", 1.0).unwrap(),
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
