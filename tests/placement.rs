//! Fits that stay on the device, against those on the host, on software Vulkan.

use std::sync::Arc;

#[path = "common/device_fits.rs"]
mod device_fits;

use device_fits::{fitted, gpu, options, picture, with, without_time};
use lgi::Error;
use lgi::backend::cpu::Cpu;
use lgi::backend::descent::UpdateText;
use lgi::backend::gpu::{Gpu, GpuOptions};
use lgi::blend::Blend;
use lgi::covariance;
use lgi::fit::{Checkpoint, FitOptions, Fitter, Placement, StopReason, recipe};
use lgi::optim::{Clock, Groups, Optimizer, OptimizerOptions, PerGroup, Step, registry};

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
