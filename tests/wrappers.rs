//! What stands around the steps of a method, against the same done by hand.

use std::sync::Arc;

use lgi::backend::oracle::Oracle;
use lgi::fit::{FitOptions, Fitter, StopRules};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::optim::OptimizerOptions;

const ITERATIONS: u64 = 12;

/// Every number of the Gaussians.
type Numbers = Vec<f32>;

fn numbers(gaussians: &Gaussians) -> Numbers {
    let (means, factors) =
        (gaussians.mean_px.iter().flatten(), gaussians.factor_px.iter().flatten());
    means.chain(factors).chain(&gaussians.color).copied().collect()
}

/// The states after each step of a fit, and the best one of each moment.
fn run(optimizer: OptimizerOptions, reset_every: Option<u64>) -> Vec<(Numbers, Numbers)> {
    let size = Size::new(20, 16);
    let mut image = Image::zeros(size, 1);
    for (place, value) in image.data_mut().iter_mut().enumerate() {
        let (x, y) = ((place % size.width) as f32, (place / size.width) as f32);
        *value = 0.5 + 0.3 * (0.42 * x).sin() * (0.37 * y).cos();
    }
    let stop = StopRules { iterations: ITERATIONS, ..StopRules::default() };
    let options = FitOptions { gaussians: 6, stop, optimizer, ..FitOptions::default() };
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, Arc::new(image), options).unwrap();
    let mut states = Vec::new();
    let mut before = 0;
    loop {
        let iteration = fitter.iteration();
        if reset_every.is_some_and(|every| iteration / every > before / every) {
            fitter.reset_momentum();
        }
        before = iteration;
        if fitter.step().unwrap().stop.is_some() {
            return states;
        }
        states.push((numbers(fitter.gaussians()), numbers(&fitter.best().gaussians)));
    }
}

fn method(text: &str) -> OptimizerOptions {
    OptimizerOptions::of(text).unwrap()
}

/// The states without what was best.
fn states(optimizer: OptimizerOptions) -> Vec<Numbers> {
    run(optimizer, None).into_iter().map(|(state, _)| state).collect()
}

fn assert_close(one: &[f32], other: &[f32]) {
    assert_eq!(one.len(), other.len());
    for (a, b) in one.iter().zip(other) {
        // Sums of a dozen numbers in another order.
        assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{a}, not {b}");
    }
}

#[test]
fn stochastic_averaging_ends_with_the_mean_of_the_late_states() {
    let plain = states(method("adam"));
    let mut optimizer = method("swa,adam");
    optimizer.set("swa.start", 0.5).unwrap();
    let averaged = states(optimizer);
    let late = &plain[plain.len() / 2..];
    let mut mean = vec![0.0; plain[0].len()];
    for state in late {
        mean.iter_mut().zip(state).for_each(|(sum, v)| *sum += v / late.len() as f32);
    }
    let last = plain.len() - 1;
    assert_eq!(averaged[..last], plain[..last], "nothing moves before the end");
    assert_close(&averaged[last], &mean);
}

#[test]
fn exponential_averaging_ends_with_a_mean_that_forgets() {
    let plain = states(method("adam"));
    let mut optimizer = method("ema,adam");
    optimizer.set("ema.decay", 0.7).unwrap();
    let averaged = states(optimizer);
    let mut mean = plain[0].clone();
    for state in &plain[1..] {
        mean.iter_mut().zip(state).for_each(|(mean, v)| *mean = 0.7 * *mean + 0.3 * v);
    }
    assert_close(&averaged[plain.len() - 1], &mean);
}

#[test]
fn a_momentum_that_is_reset_is_one_that_is_reset_by_hand() {
    let plain = method("adam");
    // Steps on a few tiles are several to an iteration, which has one reset all the same.
    let mut on_tiles = method("tile-batches,adam");
    on_tiles.set("tile-batches.size", 8.0).unwrap();
    // A reset by hand would forget the tiles' errors too.
    on_tiles.set("tile-batches.importance", 0.0).unwrap();
    for by_hand in [plain, on_tiles] {
        let mut optimizer = by_hand.clone();
        optimizer.rule = format!("momentum-reset,{}", by_hand.rule);
        optimizer.set("momentum-reset.every", 5.0).unwrap();
        let reset = states(optimizer);
        assert_ne!(reset, states(by_hand.clone()), "resets change something");
        let by_hand: Vec<_> = run(by_hand, Some(5)).into_iter().map(|(state, _)| state).collect();
        assert_eq!(reset, by_hand);
    }
}

#[test]
fn a_fit_that_goes_astray_returns_to_its_best_state() {
    let astray = |text: &str| {
        let mut optimizer = method(text);
        optimizer.set("rate", 0.6).unwrap();
        optimizer
    };
    let returned = |states: &[(Numbers, Numbers)]| {
        let pairs = states.windows(2);
        pairs.filter(|pair| pair[1].0 == pair[0].1 && pair[0].0 != pair[0].1).count()
    };
    let mut optimizer = astray("best-so-far,adam");
    optimizer.set("best-so-far.patience", 3.0).unwrap();
    assert!(returned(&run(optimizer, None)) > 0);
    assert_eq!(returned(&run(astray("adam"), None)), 0);
}
