//! Update rules and wrappers against trajectories that other programs made, and against problems
//! whose answers are known. `tests/reference/make.py` says how they were made.

use std::collections::BTreeMap;

use lgi::gaussians::Gaussians;
use lgi::optim::{
    After, Clock, GaussNewton, Groups, Kind, OptimizerOptions, Part, Products, Step, registry,
};

const STEPS: u64 = 100;

#[derive(serde::Deserialize)]
struct Reference {
    problem: Problem,
    cases: Vec<Case>,
}

/// `f(x) = 1/2 sum k_i x_i^2 + sum cos(x_i)`.
#[derive(serde::Deserialize)]
struct Problem {
    curvature: [f64; 6],
    start: [f64; 6],
}

#[derive(serde::Deserialize)]
struct Case {
    method: String,
    settings: BTreeMap<String, f64>,
    /// By the number of steps made.
    points: BTreeMap<u64, [f64; 6]>,
}

fn reference() -> Reference {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/trajectories.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

impl Problem {
    fn gradient(&self, x: &[f32]) -> Vec<f32> {
        let slope = |(x, k): (&f32, &f64)| {
            let x = f64::from(*x);
            (k * x - x.sin()) as f32
        };
        x.iter().zip(&self.curvature).map(slope).collect()
    }
}

fn split(x: &[f32]) -> Groups {
    Groups { position: x[..2].to_vec(), shape: x[2..5].to_vec(), color: x[5..].to_vec() }
}

fn join(groups: &Groups) -> Vec<f32> {
    [&groups.position[..], &groups.shape, &groups.color].concat()
}

/// The numbers as parameters of a Gaussian that wrappers can mix.
fn as_gaussians(x: &[f32]) -> Gaussians {
    let (mean, factor) = ([x[0], x[1]], [1.0, 0.0, 0.0, 1.0]);
    Gaussians::new(4, vec![mean], vec![factor], x[2..].to_vec()).unwrap()
}

#[test]
fn every_rule_keeps_to_its_reference_for_a_hundred_steps() {
    let Reference { problem, cases } = reference();
    for case in &cases {
        let mut options = OptimizerOptions::of(&case.method).unwrap();
        options.schedule = "constant".parse().unwrap();
        for (name, value) in &case.settings {
            options.set(name, *value).unwrap();
        }
        let mut optimizer = options.build().unwrap();
        let mut x = problem.start.map(|v| v as f32).to_vec();
        let mut compared = 0;
        for iteration in 0..STEPS {
            let clock = Clock { iteration, iterations: STEPS + 1, losses: &[] };
            let values = split(&x);
            let mut updates = split(&problem.gradient(&x));
            if case.method == "sparse-adam" && iteration % 3 == 2 {
                updates.position[0] = 0.0;
            }
            if let Some(tangent) = optimizer.probe(&updates, &clock) {
                let probe: Vec<f32> = x.iter().zip(join(&tangent)).map(|(x, t)| x + t).collect();
                updates = split(&problem.gradient(&probe));
            }
            let rates = options.rates(optimizer.method().rate(), &clock);
            let step = Step { values: Some(&values), clock, ..Step::at(rates) };
            optimizer.update(&mut updates, &step).unwrap();
            x.iter_mut().zip(join(&updates)).for_each(|(x, step)| *x += step);
            let mut gaussians = as_gaussians(&x);
            if optimizer.after(&mut gaussians, &After { clock, best: None }) {
                x = [&gaussians.mean_px[0][..], &gaussians.color].concat();
            }
            let Some(expected) = case.points.get(&(iteration + 1)) else { continue };
            let square = |v: f64| v * v;
            let off: f64 = x.iter().zip(expected).map(|(x, e)| square(f64::from(*x) - e)).sum();
            let size: f64 = expected.iter().map(|e| square(*e)).sum();
            let relative = (off / size).sqrt();
            assert!(relative < 1e-5, "{} after {}: {relative:e}", case.method, iteration + 1);
            compared += 1;
        }
        assert_eq!(compared, 23, "{}", case.method);
    }
}

/// Rules that are a formula over the gradient alone: not those of the Gauss-Newton matrix, by
/// whose units the learned one goes too.
fn plain_rules() -> impl Iterator<Item = &'static Part> {
    registry::rules().filter(|rule| !rule.needs.line_search && !rule.needs.blocks)
}

#[test]
fn every_elementwise_rule_has_a_reference() {
    let cases = reference().cases;
    for rule in plain_rules() {
        assert!(cases.iter().any(|case| case.method == rule.name), "{}", rule.name);
    }
}

const ANSWER: [f32; 6] = [1.5, -2.0, 0.5, 1.0, -0.75, 0.25];
const CURVATURE: [f32; 6] = [1.0, 8.0, 2.0, 4.0, 1.0, 3.0];

fn quadratic(x: &[f32]) -> Vec<f32> {
    x.iter().zip(ANSWER).zip(CURVATURE).map(|((x, answer), k)| k * (x - answer)).collect()
}

#[test]
fn every_plain_rule_finds_the_minimum_of_a_quadratic() {
    for rule in plain_rules() {
        let mut options = OptimizerOptions::of(rule.name).unwrap();
        // Decay would pull away from the answer.
        for part in options.method().unwrap().parts() {
            if part.setting("decay").is_some() {
                options.set("decay", 0.0).unwrap();
            }
        }
        let rate = match rule.name {
            "adagrad" => 1.0,
            "lars" => 5.0,
            _ if rule.needs.sums => 0.05,
            _ => 0.1,
        };
        let schedule = format!("cosine({rate},0)");
        options.set("rate", schedule.parse::<lgi::optim::Value>().unwrap()).unwrap();
        let mut optimizer = options.build().unwrap();
        let mut x = vec![0.25; 6];
        for iteration in 0..1000 {
            let clock = Clock { iteration, iterations: 1000, losses: &[] };
            let (values, mut updates) = (split(&x), split(&quadratic(&x)));
            let rates = options.rates(1.0, &clock);
            let step = Step { values: Some(&values), clock, ..Step::at(rates) };
            optimizer.update(&mut updates, &step).unwrap();
            x.iter_mut().zip(join(&updates)).for_each(|(x, step)| *x += step);
        }
        for (x, answer) in x.iter().zip(ANSWER) {
            assert!((x - answer).abs() < 1e-2, "{}: {x}, not {answer}", rule.name);
        }
    }
}

/// The quadratic's own matrix.
struct Matrix;

impl Products for Matrix {
    fn multiply(&self, tangent: &Groups) -> lgi::Result<Groups> {
        let product: Vec<f32> = join(tangent).iter().zip(CURVATURE).map(|(t, k)| t * k).collect();
        Ok(split(&product))
    }
}

#[test]
fn whole_gauss_newton_steps_solve_a_quadratic_at_once() {
    let one = Gaussians::new(1, vec![[0.0; 2]], vec![[1.0, 0.0, 0.0, 1.0]], vec![1.0]).unwrap();
    let mut blocks = GaussNewton::default();
    blocks.set(&one, 1.0);
    for (method, damping) in [("levenberg-marquardt", 1e-6), ("natural-cg-descent", 0.0)] {
        let mut options = OptimizerOptions::of(method).unwrap();
        options.set("damping", damping).unwrap();
        options.set("iterations", 12.0).unwrap();
        options.set("tolerance", 1e-6).unwrap();
        options.set("rate", 1.0).unwrap();
        let x = [0.25; 6];
        let mut updates = split(&quadratic(&x));
        let rates = options.rates(1.0, &Clock::default());
        let step = Step { blocks: Some(&blocks), products: Some(&Matrix), ..Step::at(rates) };
        options.build().unwrap().update(&mut updates, &step).unwrap();
        for ((step, x), answer) in join(&updates).iter().zip(x).zip(ANSWER) {
            assert!((x + step - answer).abs() < 1e-3, "{method}: {}", x + step);
        }
    }
}

#[test]
fn names_are_unique_and_settings_usable() {
    let mut names: Vec<&str> = registry::parts().map(|part| part.name).collect();
    names.extend(registry::ALIASES.iter().map(|alias| alias.name));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "names twice");
    for part in registry::parts() {
        assert!(!part.help.is_empty() && !part.source.is_empty(), "{}", part.name);
        for setting in part.settings {
            assert!(setting.takes(setting.default), "{}.{}", part.name, setting.name);
            assert!(setting.takes(setting.geometry_default), "{}.{}", part.name, setting.name);
        }
        assert!(part.kind == Kind::Rule || part.rate == 1.0, "{}", part.name);
    }
}
