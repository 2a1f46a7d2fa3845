//! L-BFGS and its line search on the device, against those on the host, on software Vulkan.

use std::sync::Arc;

#[path = "common/device_fits.rs"]
mod device_fits;
#[path = "common/lbfgs_plan.rs"]
mod lbfgs_plan;

use device_fits::{SIZE, fitted, gpu, options, picture, without_time};
use lbfgs_plan::lbfgs_plan;
use lgi::backend::descent::{
    Descent, DescentPlan, DescentState, PairNumbers, QuasiNewtonState, Update,
};
use lgi::backend::gpu::Gpu;
use lgi::blend::Blend;
use lgi::covariance::{self, ScaleBounds};
use lgi::fit::{Checkpoint, FitOptions, Fitter, Placement};
use lgi::gaussians::Gaussians;
use lgi::loss::Loss;
use lgi::optim::{
    CurvaturePair, Flow, GaussNewton, Groups, Lbfgs, PerGroup, QuasiNewton, Step, Transform,
    TrustRegion,
};

#[test]
fn lbfgs_on_device_and_host_takes_the_same_way() {
    let mut gpu = gpu();
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        let mut fit = |placement| {
            let mut options = FitOptions { blend, ..options("lbfgs", placement) };
            // Rounding grows by a digit in ten iterations: the host on another backend is as far
            // away after fifty.
            options.stop.iterations = 30;
            let (psnr_db, _, end) = fitted(&mut gpu, options);
            let losses: Vec<f64> = serde_json::from_value(end["state"]["losses"].clone()).unwrap();
            (psnr_db, losses)
        };
        let ((host_db, host), (device_db, device)) = (fit(Placement::Host), fit(Placement::Device));
        assert!((host_db - device_db).abs() < 0.05, "{blend:?}: {host_db} and {device_db} dB");
        assert_eq!(host.len(), device.len(), "{blend:?}");
        let off = host.iter().zip(&device).map(|(a, b)| (a / b - 1.0).abs());
        assert!(
            off.clone().take(16).all(|off| off < 1e-3),
            "{blend:?}: {:?}",
            off.collect::<Vec<_>>()
        );
    }
}

/// Pairs of some history: changes that are blocks times steps, and a little besides.
fn history(gaussians: &Gaussians, blocks: &GaussNewton, count: usize) -> Vec<CurvaturePair> {
    let n = gaussians.len();
    let vector = |length: usize, seed: usize| -> Vec<f32> {
        (0..length).map(|i| 0.1 * ((i * 7 + seed * 13) as f32 * 0.618).sin()).collect()
    };
    let groups = |seed| Groups {
        position: vector(2 * n, seed),
        shape: vector(3 * n, seed + 1),
        color: vector(3 * n, seed + 2),
    };
    let pair = |seed: usize| {
        let step = groups(10 * seed);
        let mut change = step.clone();
        change.add_scaled(0.3, &groups(10 * seed + 5));
        blocks.multiply(&mut change);
        let curvature = step.dot(&change);
        CurvaturePair { step, change, curvature }
    };
    (0..count).map(pair).collect()
}

fn joined(groups: &Groups) -> Vec<f32> {
    [&groups.position[..], &groups.shape, &groups.color].concat()
}

fn relative_distance(found: &[f32], expected: &[f32]) -> f64 {
    let square = |v: f32| f64::from(v).powi(2);
    let off: f64 = found.iter().zip(expected).map(|(a, b)| square(a - b)).sum();
    (off / expected.iter().map(|b| square(*b)).sum::<f64>()).sqrt()
}

/// What one pass on the device makes of a state.
fn after_one_pass(
    gpu: &mut Gpu,
    gaussians: &Gaussians,
    bounds: ScaleBounds,
    memory: usize,
    state: QuasiNewtonState,
) -> QuasiNewtonState {
    let target = picture();
    let update = Update::QuasiNewton(lbfgs_plan(memory, target.data().len()));
    let (loss, blend, covariance) = (Loss::default(), Blend::Additive, covariance::DEFAULT);
    let plan = DescentPlan { target, loss, blend, covariance, bounds, update };
    let mut state = DescentState {
        gaussians: gaussians.clone(),
        memory: Vec::new(),
        best_loss: f32::INFINITY,
        quasi_newton: Some(state),
    };
    gpu.load(&plan, &state).unwrap();
    let descended = gpu.descend(&[], 1).unwrap();
    assert_eq!((descended.losses.len(), descended.broken), (1, false));
    gpu.fetch(&mut state, None).unwrap();
    state.quasi_newton.unwrap()
}

#[test]
fn the_two_loops_give_the_same_direction_on_the_device() {
    let target = picture();
    let mut gpu = gpu();
    let start = options("lbfgs", Placement::Host);
    let bounds = start.scale_bounds(SIZE);
    let gaussians = Fitter::new(&mut gpu, Arc::clone(&target), start).unwrap().gaussians().clone();
    let mut blocks = GaussNewton::default();
    blocks.set(&gaussians, 2.0 / target.data().len() as f32);
    // No history, some, all that there is place for.
    let mut cases: Vec<_> =
        [0, 3, 5].map(|count| (0.4, history(&gaussians, &blocks, count))).into();
    // And one that misleads: negative curvature along the natural gradient.
    let start = QuasiNewtonState { scale: 0.4, ..QuasiNewtonState::default() };
    let first = after_one_pass(&mut gpu, &gaussians, bounds, 5, start).trial.unwrap();
    let change = split_groups(&first.gradient, gaussians.len());
    let mut step = change.clone();
    blocks.solve(&mut step);
    let curvature = -step.dot(&change);
    cases.push((0.01, vec![CurvaturePair { step, change, curvature }]));
    for (scale, pairs) in cases {
        let numbers = pairs.iter().map(|pair| PairNumbers {
            step: joined(&pair.step),
            change: joined(&pair.change),
            curvature: pair.curvature as f32,
        });
        let (memory, count) = (5, pairs.len());
        let misleads = count == 1;
        let before =
            QuasiNewtonState { scale, pairs: numbers.collect(), ..QuasiNewtonState::default() };
        let found = after_one_pass(&mut gpu, &gaussians, bounds, memory, before);
        let trial = found.trial.unwrap();

        let mut host = Lbfgs::new(memory);
        let given = split_groups(&trial.gradient, gaussians.len());
        let known = host.quasi_newton().unwrap();
        host.take_up(&given, QuasiNewton { pairs, scale: f64::from(scale), ..known });
        let mut direction = given.clone();
        let rates = PerGroup { position: 1.0, shape: 1.0, color: 1.0 };
        let step = Step { blocks: Some(&blocks), ..Step::at(rates) };
        assert_eq!(host.update(&mut direction, &step).unwrap(), Flow::On);
        let off = relative_distance(&trial.direction, &joined(&direction));
        assert!(off < 1e-4, "{count} pairs: {off:e}");
        // As much is remembered after it; what misled is forgotten.
        let kept = if misleads { 0 } else { count };
        assert_eq!((found.pairs.len(), host.quasi_newton().unwrap().pairs.len()), (kept, kept));

        TrustRegion::default().clip(&mut direction);
        let off = relative_distance(&trial.step, &joined(&direction));
        assert!(off < 1e-4, "the step after {count} pairs: {off:e}");
        let slope = given.dot(&direction);
        assert!((f64::from(trial.slope) - slope).abs() < 1e-4 * slope.abs());
        assert!(slope < 0.0);
    }
}

#[test]
fn gradients_on_the_device_do_not_lead_out_of_the_scale_bounds_either() {
    let mut gpu = gpu();
    let start = options("lbfgs", Placement::Host);
    let mut gaussians = Fitter::new(&mut gpu, picture(), start).unwrap().gaussians().clone();
    let bounds = ScaleBounds { min_px: 0.7, max_px: 5.0 };
    for (row, factor) in gaussians.factor_px.iter_mut().enumerate() {
        // Small, large, both, twice too small, neither; at every angle, some mirrored.
        let scales = [[0.7, 2.0], [3.0, 5.0], [5.0, 0.7], [0.7, 0.5], [1.0, 2.0]][row % 5];
        let (sin, cos) = (row as f32).sin_cos();
        let mirror = if row % 2 == 0 { 1.0 } else { -1.0 };
        let [a, b] = scales;
        *factor = [cos * a, -sin * b * mirror, sin * a, cos * b * mirror];
    }
    let mut gradient = |bounds| {
        let state = QuasiNewtonState { scale: 0.1, ..QuasiNewtonState::default() };
        let found = after_one_pass(&mut gpu, &gaussians, bounds, 5, state);
        split_groups(&found.trial.unwrap().gradient, gaussians.len()).shape
    };
    let (whole, found) = (gradient(ScaleBounds { min_px: 0.1, max_px: 50.0 }), gradient(bounds));
    let rows = whole.chunks_exact(3).zip(found.chunks_exact(3));
    let mut changed = 0;
    for ((whole, found), factor) in rows.zip(&gaussians.factor_px) {
        let whole = [whole[0], whole[1], whole[2]];
        let expected = covariance::DEFAULT.project_gradient(*factor, whole, bounds);
        let size = whole.iter().map(|v| v * v).sum::<f32>().sqrt();
        let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4 * size);
        assert!(close, "{factor:?}: {found:?}, {expected:?} of {whole:?}");
        changed += u32::from(expected != whole);
    }
    assert!(changed > 10, "{changed}");
}

fn split_groups(numbers: &[f32], count: usize) -> Groups {
    Groups {
        position: numbers[..2 * count].to_vec(),
        shape: numbers[2 * count..5 * count].to_vec(),
        color: numbers[5 * count..].to_vec(),
    }
}

/// Losses on host and device from a line search whose direction of the colours is so many times too
/// long, to iteration 18; six states were kept before.
fn losses_from_a_bad_direction(factor: f64) -> [Vec<f64>; 2] {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.json");
    let mut gpu = gpu();
    let host = options("lbfgs", Placement::Host);
    let mut fitter = Fitter::new(&mut gpu, picture(), host.clone()).unwrap();
    (0..6).for_each(|_| assert!(!fitter.step().unwrap().rejected));
    let mut checkpoint = serde_json::to_value(fitter.checkpoint()).unwrap();
    let state = &mut checkpoint["state"];
    for index in 0..3 * 40 {
        let step = factor * state["search"]["direction"]["color"][index].as_f64().unwrap();
        let from = state["search"]["base"]["color"][index].as_f64().unwrap();
        state["search"]["direction"]["color"][index] = step.into();
        state["search"]["step"]["color"][index] = step.into();
        state["gaussians"]["color"][index] = ((from + step) as f32).into();
    }
    std::fs::write(&path, checkpoint.to_string()).unwrap();
    [Placement::Host, Placement::Device].map(|placement| {
        let read = Checkpoint::read(&path).unwrap();
        let mut options = FitOptions { placement, ..host.clone() };
        options.stop.iterations = 18;
        let mut fitter = Fitter::resume(&mut gpu, picture(), options, read).unwrap();
        while fitter.step().unwrap().stop.is_none() {}
        let end = without_time(&fitter.checkpoint());
        serde_json::from_value(end["state"]["losses"].clone()).unwrap()
    })
}

#[test]
fn a_line_search_that_has_to_backtrack_takes_as_many_passes_on_the_device() {
    // Shortened some times; or given up for a direction with nothing remembered after six.
    for (factor, kept) in [(30.0, 9..=16), (-30.0, 7..=13)] {
        let [host, device] = losses_from_a_bad_direction(factor);
        assert!(kept.contains(&host.len()), "{factor}: {}", host.len());
        assert_eq!(host.len(), device.len(), "{factor}");
        let off = |(a, b): (&f64, &f64)| (a / b - 1.0).abs();
        let off: Vec<f64> = host.iter().zip(&device).map(off).collect();
        assert!(off.iter().all(|off| *off < 1e-3), "{factor}: {off:?}");
    }
}
