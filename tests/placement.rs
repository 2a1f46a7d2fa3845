//! Fits that stay on the device, against those on the host, on software Vulkan.

use std::sync::Arc;

use lgi::Error;
use lgi::backend::cpu::Cpu;
use lgi::backend::descent::{
    Descent, DescentPlan, DescentState, PairNumbers, QuasiNewtonPlan, QuasiNewtonState, Update,
    UpdateText,
};
use lgi::backend::gpu::{Gpu, GpuOptions, software_adapter};
use lgi::blend::Blend;
use lgi::covariance::{self, ScaleBounds};
use lgi::fit::{Checkpoint, FitOptions, Fitter, Placement, StopReason, StopRules, recipe};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::loss::Loss;
use lgi::optim::{
    Clock, CurvaturePair, Flow, GaussNewton, Groups, Lbfgs, Optimizer, OptimizerOptions, PerGroup,
    QuasiNewton, Step, Transform, TrustRegion, registry,
};

const SIZE: Size = Size::new(48, 40);

/// A gpu backend on software Vulkan, every buffer of which is filled with what is no result.
fn gpu() -> Gpu {
    with(GpuOptions { poison: true, ..GpuOptions::default() })
}

fn with(options: GpuOptions) -> Gpu {
    let adapter = software_adapter().unwrap_or_else(|error| panic!("{error}"));
    Gpu::with_options(&adapter, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn picture() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let (u, v) = (x as f32 * 0.32, y as f32 * 0.27 + channel as f32);
                let edge = if x + 2 * y > 70 { 0.2 } else { 0.0 };
                let value = 0.4 + 0.25 * u.sin() * v.cos() + edge;
                image.plane_mut(channel)[y * SIZE.width + x] = value;
            }
        }
    }
    Arc::new(image)
}

fn options(method: &str, placement: Placement) -> FitOptions {
    FitOptions {
        gaussians: 40,
        optimizer: OptimizerOptions::of(method).unwrap(),
        stop: StopRules { iterations: 50, ..StopRules::default() },
        placement,
        ..FitOptions::default()
    }
}

/// Fits to the end: PSNR, reason, and the checkpoint without what a clock says.
fn fitted(gpu: &mut Gpu, options: FitOptions) -> (f64, StopReason, serde_json::Value) {
    let mut fitter = Fitter::new(gpu, picture(), options).unwrap();
    let stop = loop {
        if let Some(stop) = fitter.step().unwrap().stop {
            break stop;
        }
    };
    (fitter.best().psnr_db, stop, without_time(&fitter.checkpoint()))
}

fn without_time(checkpoint: &Checkpoint) -> serde_json::Value {
    let mut value = serde_json::to_value(checkpoint).unwrap();
    value["state"]["seconds"] = 0.into();
    value
}

fn text(optimizer: &Optimizer) -> Option<UpdateText> {
    optimizer.kernel().map(|kernel| UpdateText {
        lines: kernel.lines,
        update: kernel.update,
        slots: kernel.slots,
        constants: kernel.constants,
        uses_value: kernel.uses_value,
    })
}

const CURVATURE: [f64; 6] = [1.0, 100.0, 5.0, 20.0, 2.0, 50.0];

/// Gradient of `1/2 sum k_i x_i^2 + sum cos(x_i)`.
fn gradient(x: &[f32; 6]) -> [f32; 6] {
    std::array::from_fn(|i| (CURVATURE[i] * f64::from(x[i]) - f64::from(x[i]).sin()) as f32)
}

fn split(x: &[f32; 6]) -> Groups {
    Groups { position: x[..2].to_vec(), shape: x[2..5].to_vec(), color: x[5..].to_vec() }
}

#[test]
fn every_elementwise_rule_has_the_same_trajectory_on_the_device() {
    let mut gpu = gpu();
    let mut compared = Vec::new();
    let rules = registry::rules().map(|rule| rule.name);
    for method in rules.chain(["clip-value,adam", "freeze,momentum"]) {
        let mut options = OptimizerOptions::of(method).unwrap();
        if method.starts_with("freeze") {
            options.set("color.weight", 0.5).unwrap();
        }
        for part in options.method().unwrap().parts() {
            if part.setting("decay").is_some() {
                options.set("decay", 0.01).unwrap();
            }
        }
        let mut host = options.build().unwrap();
        let Some(text) = text(&host) else { continue };
        compared.push(method);
        let start = [1.5, -0.8, 0.6, -1.2, 2.0, 0.9];
        let (mut x, mut y) = (start, start);
        let mut memory = vec![0.0; 6 * text.slots.len()];
        let device = options.build().unwrap();
        for iteration in 0..100 {
            let clock = Clock { iteration, iterations: 101, losses: &[] };
            let rates = PerGroup { position: 0.003, shape: 0.003, color: 0.003 };
            let values = split(&x);
            let step = Step { values: Some(&values), clock, ..Step::at(rates) };
            let mut updates = split(&gradient(&x));
            host.update(&mut updates, &step).unwrap();
            let joined = [&updates.position[..], &updates.shape, &updates.color].concat();
            x.iter_mut().zip(joined).for_each(|(x, step)| *x += step);

            let constants = device.constants(&Step { clock, ..Step::at(rates) }, iteration);
            let step =
                gpu.update_six_numbers(&text, &constants, y, gradient(&y), &mut memory).unwrap();
            y.iter_mut().zip(step).for_each(|(y, step)| *y += step);

            let square = |v: f32| f64::from(v).powi(2);
            let off: f64 = x.iter().zip(&y).map(|(x, y)| square(x - y)).sum();
            let size: f64 = x.iter().map(|x| square(*x)).sum();
            let relative = (off / size).sqrt();
            assert!(relative < 1e-5, "{method} after {}: {relative:e}", iteration + 1);
        }
    }
    assert_eq!(compared.len(), 13, "{compared:?}");
}

#[test]
fn fits_on_device_and_host_end_at_the_same_psnr() {
    let mut gpu = gpu();
    for method in ["adam", "adamw", "sgd", "lion", "clip-value,rmsprop"] {
        for blend in [Blend::Additive, Blend::NORMALIZED] {
            let fit = |gpu: &mut Gpu, placement| {
                fitted(gpu, FitOptions { blend, ..options(method, placement) }).0
            };
            let (host, device) = (fit(&mut gpu, Placement::Host), fit(&mut gpu, Placement::Device));
            assert!((host - device).abs() < 0.05, "{method}, {blend:?}: {host} and {device} dB");
        }
    }
}

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

#[test]
fn every_covariance_with_formulas_ends_at_the_same_psnr_with_decay_of_every_group() {
    let mut gpu = gpu();
    let mut compared = 0;
    for covariance in covariance::ALL.iter().filter(|covariance| covariance.shader().is_some()) {
        let mut fit = |placement| {
            let mut options = options("adamw", placement);
            options.set_covariance(covariance.name()).unwrap();
            for group in ["position", "shape", "color"] {
                options.optimizer.set(&format!("{group}.decay"), 0.05).unwrap();
            }
            fitted(&mut gpu, options).0
        };
        let (host, device) = (fit(Placement::Host), fit(Placement::Device));
        assert!((host - device).abs() < 0.05, "{covariance:?}: {host} and {device} dB");
        compared += 1;
    }
    assert_eq!(compared, 3);
}

#[test]
fn two_fits_on_the_device_and_lists_that_were_too_short_give_the_same_bytes() {
    for method in ["adam", "lbfgs"] {
        let density = recipe::density(50);
        let growing = FitOptions { density, ..options(method, Placement::Device) };
        let first = fitted(&mut gpu(), growing.clone());
        assert!(first == fitted(&mut gpu(), growing.clone()), "{method}: two runs");
        let mut cramped = with(GpuOptions { first_capacity: Some(40), ..GpuOptions::default() });
        assert!(first == fitted(&mut cramped, growing), "{method}: short lists");
    }
}

#[test]
fn what_does_not_fit_on_the_device_is_left_to_the_host_or_refused() {
    let mut target = (*picture()).clone();
    target.data_mut().iter_mut().for_each(|value| *value = (*value * 255.0).round() / 255.0);
    let target = Arc::new(target);
    let small = GpuOptions {
        largest_buffer_bytes: Some(16 * 1024),
        takes_updates: true,
        ..GpuOptions::default()
    };
    let fit = |placement| {
        let mut gpu = with(small);
        let mut options = options("sgd", placement);
        (options.gaussians, options.stop.iterations) = (300, 6);
        let mut fitter = Fitter::new(&mut gpu, Arc::clone(&target), options).unwrap();
        while fitter.step()?.stop.is_none() {}
        Ok(without_time(&fitter.checkpoint())["state"].clone())
    };
    assert!(fit(Placement::Auto).unwrap() == fit(Placement::Host).unwrap());
    let error: Error = fit(Placement::Device).unwrap_err();
    assert!(matches!(error, Error::Limit { .. }), "{error}");
}

#[test]
fn auto_takes_the_device_where_that_is_faster() {
    for method in ["adam", "lbfgs"] {
        let fit = |takes_updates, placement| {
            let mut gpu = with(GpuOptions { takes_updates, ..GpuOptions::default() });
            fitted(&mut gpu, options(method, placement)).2["state"].clone()
        };
        let (host, device) = (fit(false, Placement::Host), fit(false, Placement::Device));
        assert!(host != device, "{method}");
        assert!(fit(false, Placement::Auto) == host, "{method}");
        assert!(fit(true, Placement::Auto) == device, "{method}");
    }
}

#[test]
fn a_fit_on_the_device_resumes_to_the_same_bytes_from_any_iteration() {
    let mut options = options("adan", Placement::Device);
    options.density = recipe::density(50);
    resumes_to_the_same_bytes(options, 1);
}

#[test]
fn so_does_lbfgs_whose_line_search_may_be_under_way() {
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        let mut options = FitOptions { blend, ..options("lbfgs", Placement::Device) };
        options.stop.iterations = 30;
        options.density = recipe::density(30);
        resumes_to_the_same_bytes(options, 3);
    }
}

/// From every so many steps of the whole fit.
fn resumes_to_the_same_bytes(options: FitOptions, every: usize) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.json");
    let (_, _, expected) = fitted(&mut gpu(), options.clone());
    let mut device = gpu();
    let mut whole = Fitter::new(&mut device, picture(), options.clone()).unwrap();
    let (mut steps, mut resumed) = (0, 0);
    while whole.step().unwrap().stop.is_none() {
        steps += 1;
        if steps % every != 0 {
            continue;
        }
        whole.checkpoint().write(&path).unwrap();
        let read = Checkpoint::read(&path).unwrap();
        let mut device = gpu();
        let mut fitter = Fitter::resume(&mut device, picture(), options.clone(), read).unwrap();
        while fitter.step().unwrap().stop.is_none() {}
        let found = without_time(&fitter.checkpoint());
        assert!(found == expected, "from iteration {}", whole.iteration());
        resumed += 1;
    }
    assert!(resumed > 2, "{resumed}");
}

#[test]
fn details_change_nothing_on_the_device_either() {
    let seen = details("adam");
    assert_eq!(seen, [0, 7, 14, 21, 28, 35, 42, 49, 50]);
    // Trials that were no good have none.
    let seen = details("lbfgs");
    assert!(
        seen.len() >= 8 && seen.windows(2).all(|pair| pair[0] / 7 < pair[1] / 7 || pair[1] == 50)
    );
}

/// The iterations with details, where they are asked for.
fn details(method: &str) -> Vec<u64> {
    let options = options(method, Placement::Device);
    let (_, _, expected) = fitted(&mut gpu(), options.clone());
    let mut device = gpu();
    let mut fitter = Fitter::new(&mut device, picture(), options).unwrap();
    fitter.details_every(Some(7));
    let mut seen = Vec::new();
    loop {
        let progress = fitter.step().unwrap();
        if let Some(details) = &progress.details {
            assert!(details.gradient_norm.color > 0.0);
            seen.push(progress.iteration);
        }
        if progress.stop.is_some() {
            break;
        }
    }
    assert!(without_time(&fitter.checkpoint()) == expected);
    seen
}

#[test]
fn a_target_psnr_ends_a_fit_on_the_device_where_it_is_reached() {
    let mut gpu = gpu();
    for method in ["adam", "lbfgs"] {
        let (end, ..) = fitted(&mut gpu, options(method, Placement::Device));
        let mut early = options(method, Placement::Device);
        early.stop.target_psnr_db = Some(end - 2.0);
        let (psnr_db, stop, state) = fitted(&mut gpu, early);
        assert_eq!(stop, StopReason::TargetPsnr);
        let losses = state["state"]["losses"].as_array().unwrap();
        assert!(psnr_db >= end - 2.0 && psnr_db < end - 1.0, "{psnr_db} of {end} dB");
        // All states before the last were worse.
        assert!(losses.len() > 2 && losses.len() < 49, "{}", losses.len());
    }
}

#[test]
fn what_is_not_finite_rolls_a_fit_on_the_device_back() {
    let mut gpu = gpu();
    let mut wild = options("sgd", Placement::Device);
    wild.optimizer.set("color.rate", 1e25).unwrap();
    let mut fitter = Fitter::new(&mut gpu, picture(), wild).unwrap();
    let mut rolled_back = 0;
    let error = loop {
        match fitter.step() {
            Ok(progress) => rolled_back += u32::from(progress.rolled_back.is_some()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
    assert!(rolled_back > 3 && fitter.best().psnr_db > 10.0);
}

#[test]
fn methods_that_cannot_be_placed_on_the_device_say_why() {
    let mut gpu = gpu();
    let cases = [
        ("clip-l2,lbfgs", "body-frame", "numbers one by one"),
        ("lookahead,adam", "body-frame", "numbers one by one"),
        ("adam", "isotropic", "no formulas"),
    ];
    for (method, covariance, reason) in cases {
        let mut options = options(method, Placement::Device);
        options.set_covariance(covariance).unwrap();
        let error = Fitter::new(&mut gpu, picture(), options.clone()).err().unwrap();
        assert!(error.to_string().contains(reason), "{error}");
        options.placement = Placement::Auto;
        assert!(Fitter::new(&mut gpu, picture(), options).unwrap().step().is_ok());
    }
    let mut long = options("lbfgs", Placement::Device);
    long.optimizer.set("memory", 65.0).unwrap();
    let error = Fitter::new(&mut gpu, picture(), long).err().unwrap();
    assert!(error.to_string().contains("more than 64"), "{error}");
    let mut cpu = Cpu::new();
    let error = Fitter::new(&mut cpu, picture(), options("adam", Placement::Device));
    assert!(error.err().unwrap().to_string().contains("cpu"));
}

/// The numbers of the default method on this picture.
fn lbfgs_plan(memory: usize, target: &Image) -> QuasiNewtonPlan {
    QuasiNewtonPlan {
        memory,
        scales: [0.01, 2.0],
        least_curvature: 1e-6,
        sufficient: 1e-4,
        noise: 2e-5,
        shorten: 0.35,
        tries: 6,
        longest_move: 0.5,
        longest_change: 0.4,
        curvature: 2.0 / target.data().len() as f32,
        smallest_mass_px: 0.3,
        faded: 4e-4,
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
    let update = Update::QuasiNewton(lbfgs_plan(memory, &target));
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
