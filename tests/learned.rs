//! Small networks, their files and their trainers.

use lgi::Error;
use lgi::density::Lifecycle;
use lgi::density::controller::{Controller, Prospect};
use lgi::learned::{
    Dense, Evolution, EvolutionOptions, GatedCell, PolicyGradient, PolicyGradientOptions,
    SequenceNetwork, StochasticPolicy, Weights,
};
use lgi::optim::rules::Learned;

#[test]
fn a_dense_layer_is_a_matrix_and_a_bias() {
    let weights = [1.0, 2.0, 0.5, -1.0, 3.0, -0.25];
    let output = Dense::<2, 2>::apply(&weights, &[[1.0, 0.0], [10.0, -1.0]]);
    assert_eq!(output, [[21.5, -1.5], [28.75, -3.25]]);
}

#[test]
fn a_gated_cell_is_what_a_hand_works_out() {
    // One input of 2, one state of 0.5. z: 1 x, r: 1 h, c: 1 x + 2 (r h).
    let weights = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 2.0, 0.0];
    let mut state = [[0.5_f32]];
    GatedCell::<1, 1, 2>::step(&weights, &[[2.0]], &mut state);
    // z = (1 + 2/3) / 2 = 5/6; r = (1 + 1/3) / 2 = 2/3; c = t(2 + 2/3) = (8/3) / (11/3) = 8/11.
    let expected = 0.5 / 6.0 + (5.0 / 6.0) * (8.0 / 11.0);
    assert!((state[0][0] - expected).abs() < 1e-6, "{}, not {expected}", state[0][0]);
    let mut kept = [0.5];
    GatedCell::<1, 1, 2>::step_kept(&weights, &[2.0], &mut kept);
    assert!((kept[0] - expected).abs() < 1e-6, "{}, not {expected}", kept[0]);
}

type Network = SequenceNetwork<2, 3, 5, 4, 9>;

/// Numbers of about unit size that nothing depends on.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|place| (place as f32 * 12.9898 + 1.0).sin() * 0.8).collect()
}

fn log_probability(weights: &[f32], questions: &[[f32; 2]], choices: &[usize]) -> f64 {
    let (mut sum, mut place) = (0.0, 0);
    Network::answer(weights, questions, |probabilities| {
        let choice = choices[place];
        sum += f64::from(probabilities[choice]).ln();
        place += 1;
        choice
    });
    sum
}

#[test]
fn the_policy_gradient_is_the_slope_of_the_log_probability() {
    let questions = [[0.3, -0.7], [1.0, 0.2], [-0.4, 0.9], [0.1, 0.1]];
    let choices = [2, 0, 1, 1];
    let weights = numbers(Network::WEIGHTS);
    let mut gradient = vec![0.0; Network::WEIGHTS];
    Network::add_log_gradient(&weights, &questions, &choices, 1.0, &mut gradient);
    for place in 0..Network::WEIGHTS {
        let moved = |by: f32| {
            let mut weights = weights.clone();
            weights[place] += by;
            log_probability(&weights, &questions, &choices)
        };
        let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        let off = (slope - f64::from(gradient[place])).abs();
        assert!(off < 2e-3, "weight {place}: {}, not {slope}", gradient[place]);
    }
}

/// Three questions with one right answer each.
struct Quiz;

const RIGHT: [usize; 3] = [2, 0, 1];
const QUESTIONS: [[f32; 2]; 3] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];

impl StochasticPolicy for Quiz {
    fn draw(&self, weights: &[f32], _task: u64, uniform: &mut dyn FnMut() -> f64) -> Vec<usize> {
        Network::answer(weights, &QUESTIONS, |probabilities| {
            let draw = uniform() as f32;
            let first = probabilities[0];
            if draw < first { 0 } else { 1 + usize::from(draw >= first + probabilities[1]) }
        })
    }

    fn add_log_gradient(
        &self,
        weights: &[f32],
        _task: u64,
        decisions: &[usize],
        scale: f32,
        gradient: &mut [f32],
    ) {
        Network::add_log_gradient(weights, &QUESTIONS, decisions, scale, gradient);
    }

    fn reward(&self, task: u64, decisions: &[usize]) -> lgi::Result<f64> {
        let right = decisions.iter().zip(RIGHT).filter(|(a, b)| **a == *b).count();
        // Some tasks are harder than others, which says nothing about the answers.
        Ok(right as f64 + 10.0 * (task as f64).sin())
    }
}

#[test]
fn reinforcement_finds_the_answers_that_are_rewarded() {
    let options = PolicyGradientOptions { tasks: 8, samples: 4, rate: 0.05, seed: 3 };
    let mut training = PolicyGradient::new(options, numbers(Network::WEIGHTS));
    for _ in 0..150 {
        training.step(&Quiz).unwrap();
    }
    let likeliest = |p: &[f32; 3]| (0..3).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap();
    assert_eq!(Network::answer(training.weights(), &QUESTIONS, likeliest), RIGHT);
}

const ANSWER: [f32; 6] = [1.5, -2.0, 0.5, 1.0, -0.75, 0.25];

/// The squared distance from the answer, and what the task adds to it.
fn distance(weights: &[f32], task: u64) -> lgi::Result<f64> {
    let squares = weights.iter().zip(ANSWER).map(|(w, a)| f64::from(w - a).powi(2));
    Ok(squares.sum::<f64>() + 10.0 * (task as f64).sin())
}

fn evolve(generations: u64, mut from: Evolution) -> Evolution {
    for _ in 0..generations {
        from.step(distance).unwrap();
    }
    from
}

#[test]
fn evolution_finds_the_minimum_of_a_quadratic() {
    let options = EvolutionOptions { pairs: 8, spread: 0.1, rate: 0.05, seed: 1 };
    let mut evolution = evolve(150, Evolution::new(options, vec![0.0; 6]));
    evolution.options_mut().rate = 0.005;
    let evolution = evolve(150, evolution);
    for (weight, answer) in evolution.averaged().iter().zip(ANSWER) {
        assert!((weight - answer).abs() < 0.05, "{weight}, not {answer}");
    }
}

#[test]
fn training_is_the_same_whatever_the_threads_and_when_it_is_gone_on_with() {
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let start = Evolution::new(EvolutionOptions::default(), vec![0.0; 6]);
        pool.install(|| evolve(12, start))
    };
    let whole = with_threads(1);
    assert!(whole == with_threads(5));
    let half = evolve(6, Evolution::new(EvolutionOptions::default(), vec![0.0; 6]));
    let text = serde_json::to_string(&half).unwrap();
    assert!(whole == evolve(6, serde_json::from_str(&text).unwrap()));
}

#[test]
fn losses_that_are_not_finite_are_as_bad_as_the_worst() {
    let mut evolution = Evolution::new(EvolutionOptions::default(), vec![1.0; 6]);
    let report = evolution
        .step(|weights, task| if task % 3 == 0 { Ok(f64::NAN) } else { distance(weights, task) })
        .unwrap();
    assert!(report.loss.is_finite());
    assert!(evolution.weights().iter().all(|weight| weight.is_finite()));
}

fn file() -> Weights {
    Weights { kind: "rule-1".into(), values: vec![0.5, -1.25, 3e-9] }
}

#[test]
fn weights_come_back_from_a_file_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rule.bin");
    file().write(&path).unwrap();
    assert_eq!(Weights::read(&path, "rule-1", 3).unwrap(), file());
}

#[test]
fn damaged_weights_files_are_refused_with_what_is_wrong() {
    let bytes = file().to_bytes().unwrap();
    for length in 0..bytes.len() {
        let error = Weights::from_bytes(&bytes[..length], "rule-1", 3).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{length}: {error}");
    }
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x11;
        assert!(Weights::from_bytes(&bytes, "rule-1", 3).is_err(), "byte {place}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    let error = Weights::from_bytes(&longer, "rule-1", 3).unwrap_err().to_string();
    assert!(error.contains("1 bytes too many"), "{error}");
}

#[test]
fn weights_of_another_network_or_version_are_refused() {
    let bytes = file().to_bytes().unwrap();
    let error = Weights::from_bytes(&bytes, "rule-2", 3).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    assert!(error.to_string().contains("3 weights of \"rule-1\""), "{error}");
    assert!(Weights::from_bytes(&bytes, "rule-1", 4).is_err());
    let mut newer = bytes;
    newer[4] = 9;
    let error = Weights::from_bytes(&newer, "rule-1", 3).unwrap_err().to_string();
    assert!(error.contains("version 9"), "{error}");
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let bytes = Weights { kind: "k".into(), values: vec![1.0, f32::NAN] }.to_bytes().unwrap();
    let error = Weights::from_bytes(&bytes, "k", 2).unwrap_err().to_string();
    assert!(error.contains("weight 1 is NaN"), "{error}");
}

#[test]
fn the_weights_that_come_with_the_crate_can_be_read() {
    let files: [(&[u8], &str, usize); 3] = [
        (include_bytes!("../src/optim/rules/learned.bin"), Learned::KIND, Learned::WEIGHTS),
        (include_bytes!("../src/density/lifecycle.bin"), Lifecycle::KIND, Lifecycle::WEIGHTS),
        (include_bytes!("../src/density/controller.bin"), Controller::KIND, Controller::WEIGHTS),
    ];
    for (bytes, kind, count) in files {
        Weights::from_bytes(bytes, kind, count).unwrap();
    }
}

#[test]
fn every_plan_of_the_controller_can_be_followed() {
    for iterations in [1, 10, 50, 250, 1000, 100_000] {
        for gaussians in [0, 1, 100, 1000, 1_000_000] {
            let prospect = Prospect { iterations, pixels: 65_536, gaussians };
            let plan = Controller::shipped().plan(&prospect);
            plan.check().unwrap();
            assert_eq!(plan, Controller::shipped().plan(&prospect));
            // All Gaussians are there when the stages are over.
            let mut have = plan.first(gaussians, iterations);
            let mut before = 0;
            for iteration in 0..iterations.min(2000) {
                if plan.is_due(iteration, before, iterations) {
                    have += plan.to_add(have, gaussians, iteration, iterations);
                    assert!(have <= gaussians);
                    before = iteration;
                }
            }
            if iterations <= 1000 {
                assert_eq!(have, gaussians, "{prospect:?}: {plan:?}");
            }
        }
    }
}
