//! Whole fits with line searches, growth, relocation and several stages.

use std::sync::Arc;
use std::sync::atomic::Ordering;

#[path = "common/watched_oracle.rs"]
mod watched_oracle;

use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::density::DensityOptions;
use lgi::fit::{Checkpoint, FitOptions, Fitter, Progress, Quality, StopReason, StopRules, recipe};
use lgi::image::{Image, Size};
use lgi::strategy::{Run, RunOptions};
use lgi::{Error, Result};
use watched_oracle::{Fault, WatchedOracle};

/// Edges, waves and some grain: places for many Gaussians.
fn picture(size: Size, channels: usize) -> Arc<Image> {
    let mut image = Image::zeros(size, channels);
    for channel in 0..channels {
        for y in 0..size.height {
            for x in 0..size.width {
                let inside = f32::hypot(x as f32 - 11.0, y as f32 - 9.0) < 5.5;
                let grain = 0.2 * ((x * 7 + y * 13 + x * y * 5 + channel) % 11) as f32 / 11.0;
                let wave = 0.15 * (0.9 * x as f32 + channel as f32).sin() * (0.8 * y as f32).cos();
                image.plane_mut(channel)[y * size.width + x] =
                    if inside { 0.75 - grain } else { 0.35 + wave + grain };
            }
        }
    }
    Arc::new(image)
}

const SIZE: Size = Size::new(30, 22);

/// The method of the presets.
fn recipe_of(gaussians: usize, iterations: u64) -> FitOptions {
    let mut options = FitOptions {
        gaussians,
        stop: StopRules { iterations, ..Default::default() },
        ..Default::default()
    };
    recipe::apply(&mut options);
    options
}

fn run(fitter: &mut Fitter) -> Vec<Progress> {
    let mut log = Vec::new();
    loop {
        log.push(fitter.step().unwrap());
        if log.last().is_some_and(|progress| progress.stop.is_some()) {
            return log;
        }
    }
}

#[test]
fn a_growing_fit_ends_with_the_number_of_gaussians_asked_for() {
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        for count in [1, 2, 7, 50] {
            let options = FitOptions { blend, ..recipe_of(count, 60) };
            let mut oracle = Oracle;
            let mut fitter = Fitter::new(&mut oracle, picture(SIZE, 3), options).unwrap();
            let first = fitter.gaussians().len();
            assert!(first <= count && (count < 7 || first < count), "{first} of {count}");
            let log = run(&mut fitter);
            assert_eq!(fitter.best().gaussians.len(), count, "{blend:?}");
            assert!(log.windows(2).all(|pair| pair[0].gaussians <= pair[1].gaussians));
        }
    }
}

#[test]
fn fits_too_short_to_grow_start_with_all_gaussians() {
    for iterations in 0..12 {
        let mut oracle = Oracle;
        let options = recipe_of(20, iterations);
        let mut fitter = Fitter::new(&mut oracle, picture(SIZE, 3), options).unwrap();
        run(&mut fitter);
        assert_eq!(fitter.best().gaussians.len(), 20, "{iterations} iterations");
    }
}

#[test]
fn a_fit_that_settles_early_grows_instead_of_stopping() {
    // No revision would be due for tens of thousands of iterations.
    let small = picture(Size::new(7, 6), 1);
    let mut oracle = Oracle;
    let options = recipe_of(6, 1_000_000_000);
    let mut fitter = Fitter::new(&mut oracle, small, options).unwrap();
    assert_eq!(fitter.gaussians().len(), 2);
    while fitter.iteration() < 30_000 && fitter.gaussians().len() == 2 {
        assert_eq!(fitter.step().unwrap().stop, None);
    }
    assert_eq!(fitter.gaussians().len(), 3, "after {} iterations", fitter.iteration());
}

#[test]
fn where_nothing_is_missing_nothing_grows_without_need() {
    let flat = Arc::new(Image::from_planar(SIZE, 1, vec![0.5; SIZE.pixels()]).unwrap());
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, flat, recipe_of(30, 60)).unwrap();
    run(&mut fitter);
    assert!((1..=30).contains(&fitter.best().gaussians.len()));
    assert!(fitter.best().psnr_db > 40.0, "{} dB", fitter.best().psnr_db);
}

#[test]
fn growth_and_relocation_pay() {
    // Much of it is smooth, and what is not lies in one place.
    let size = Size::new(48, 36);
    let mut target = Image::zeros(size, 1);
    for (pixel, value) in target.data_mut().iter_mut().enumerate() {
        let (x, y) = ((pixel % size.width) as f32, (pixel / size.width) as f32);
        let far = (x - 30.0).hypot(y - 20.0);
        *value = 0.3 + 0.005 * x + if far < 9.0 { 0.4 * (1.7 * x).sin() * (y).cos() } else { 0.0 };
    }
    let target = Arc::new(target);
    let psnr = |density| {
        let options = FitOptions { density, ..recipe_of(40, 100) };
        let mut oracle = Oracle;
        let mut fitter = Fitter::new(&mut oracle, Arc::clone(&target), options).unwrap();
        run(&mut fitter);
        fitter.best().psnr_db
    };
    let (fixed, growing) = (psnr(DensityOptions::FIXED), psnr(recipe::density(100)));
    assert!(growing > fixed, "{growing} dB; {fixed} dB without");
}

/// Through the text of a checkpoint, as a later run would read it.
fn through_json(checkpoint: &Checkpoint) -> Checkpoint {
    serde_json::from_slice(&serde_json::to_vec(checkpoint).unwrap()).unwrap()
}

/// A fit stopped after every single step and gone on with, against one that never was; the steps
/// of the latter.
fn same_bits_wherever_it_is_stopped(options: &FitOptions, channels: usize) -> Vec<Progress> {
    let target = picture(Size::new(18, 14), channels);
    let mut oracle = Oracle;
    let mut whole = Fitter::new(&mut oracle, Arc::clone(&target), options.clone()).unwrap();
    let mut log = Vec::new();
    let mut checkpoints = Vec::new();
    loop {
        let progress = whole.step().unwrap();
        let ended = progress.stop.is_some();
        log.push(progress);
        if ended {
            break;
        }
        checkpoints.push(through_json(&whole.checkpoint()));
    }
    let expected = whole.best();
    for (step, checkpoint) in checkpoints.into_iter().enumerate() {
        let mut oracle = Oracle;
        let resumed = Fitter::resume(&mut oracle, Arc::clone(&target), options.clone(), checkpoint);
        let mut fitter = resumed.unwrap();
        // Every step tells a difference; the end, whether anything was forgotten.
        let steps = run(&mut fitter);
        let figures = |log: &[Progress]| -> Vec<(u64, u64)> {
            log.iter().map(|progress| (progress.iteration, progress.loss.to_bits())).collect()
        };
        assert_eq!(figures(&steps), figures(&log[step + 1..]), "stopped after step {step}");
        assert_eq!(fitter.best().gaussians, expected.gaussians, "stopped after step {step}");
        assert_eq!(fitter.best().iteration, expected.iteration);
    }
    log
}

#[test]
fn wherever_a_growing_fit_is_stopped_it_goes_on_to_the_same_bits() {
    let mut rejected = false;
    for (blend, channels) in [(Blend::NORMALIZED, 3), (Blend::Additive, 1)] {
        let options = FitOptions { blend, ..recipe_of(16, 60) };
        let log = same_bits_wherever_it_is_stopped(&options, channels);
        assert!(log[0].gaussians < log[log.len() - 1].gaussians, "it grew");
        rejected |= log.iter().any(|progress| progress.rejected);
    }
    assert!(rejected, "a line search took several trials");
}

#[test]
fn wherever_a_growing_fit_by_any_kind_of_rule_is_stopped_it_goes_on_to_the_same_bits() {
    for rule in ["adam", "natural-adam", "natural-descent"] {
        let mut options = recipe_of(16, 30);
        options.optimizer.rule = rule.into();
        same_bits_wherever_it_is_stopped(&options, 3);
    }
}

#[test]
fn the_same_options_give_the_same_bits() {
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        let fit = |seed, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let options = FitOptions { blend, seed, ..recipe_of(25, 40) };
                let mut oracle = Oracle;
                let mut fitter = Fitter::new(&mut oracle, picture(SIZE, 3), options).unwrap();
                run(&mut fitter);
                fitter.best().gaussians
            })
        };
        assert_eq!(fit(3, 1), fit(3, 2));
        assert_ne!(fit(3, 1), fit(4, 1));
    }
}

#[test]
fn every_preset_takes_every_picture() {
    for quality in Quality::ALL {
        for (size, channels) in [
            (Size::new(1, 1), 3),
            (Size::new(2, 3), 1),
            (Size::new(16, 16), 1),
            (Size::new(16, 16), 3),
            (Size::new(13, 5), 4),
        ] {
            let flat = Image::from_planar(size, channels, vec![0.25; size.pixels() * channels]);
            for target in [picture(size, channels), Arc::new(flat.unwrap())] {
                let what = format!("{}, {size}, {channels} channels", quality.name());
                let mut options = FitOptions { gaussians: 5, ..Default::default() };
                quality.apply(&mut options);
                options.check().unwrap();
                let mut oracle = Oracle;
                let mut fitter = Fitter::new(&mut oracle, target, options).unwrap();
                let log = run(&mut fitter);
                let best = fitter.best();
                best.gaussians.check().unwrap();
                assert!((1..=5).contains(&best.gaussians.len()), "{what}");
                assert!(best.loss <= log[0].loss, "{what}");
                let last = log.last().unwrap();
                assert!(last.iteration <= quality.iterations() + 3, "{what}: {}", last.iteration);
            }
        }
    }
}

#[test]
fn iterations_are_passes_over_the_picture_and_nothing_is_left_out() {
    for blend in [Blend::Additive, Blend::NORMALIZED] {
        for channels in [1, 3, 4] {
            let mut backend = WatchedOracle::default();
            let pixels = Arc::clone(&backend.pixels);
            let made = || (pixels.load(Ordering::Relaxed) / SIZE.pixels()) as u64;
            let options = FitOptions { blend, ..recipe_of(25, 50) };
            let mut fitter = Fitter::new(&mut backend, picture(SIZE, channels), options).unwrap();
            let (start, first) = (made(), fitter.iteration());
            assert!(first > 0, "the start on half the size counts");
            let log = run(&mut fitter);
            let end = log.last().unwrap().iteration;
            assert!((50..=53).contains(&end), "{end}");
            let (fit, last) = (made() - start, end - first);
            assert!(fit <= 2 * last + 3, "{blend:?}, {channels}: {fit} in {last} iterations");
            // Nor is more counted than was done.
            assert!(fit + 3 >= 2 * last, "{blend:?}, {channels}: {fit} in {last} iterations");
        }
    }
}

#[test]
fn line_searches_never_keep_what_is_worse() {
    let options = FitOptions { density: DensityOptions::FIXED, ..recipe_of(25, 60) };
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, picture(SIZE, 3), options).unwrap();
    let log = run(&mut fitter);
    let kept: Vec<f64> = log.iter().filter(|p| !p.rejected).map(|p| p.loss).collect();
    assert!(kept.len() > 30);
    // Give or take pixels at the edge of a Gaussian's support.
    assert!(kept.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 3e-5)), "{kept:?}");
}

#[test]
fn a_second_method_takes_over_and_makes_nothing_worse() {
    for method in ["adam:36+lbfgs:12", "lbfgs:36+adam:12"] {
        for blend in [Blend::Additive, Blend::NORMALIZED] {
            let fit = FitOptions { blend, ..recipe_of(25, 48) };
            let mut options =
                RunOptions::from(FitOptions { density: DensityOptions::FIXED, ..fit });
            options.set_method(method).unwrap();
            let mut oracle = Oracle;
            let mut run = Run::new(&mut oracle, picture(SIZE, 3), options).unwrap();
            let mut best_before = f64::INFINITY;
            while run.step().unwrap().stop.is_none() {
                if run.iteration() <= 36 {
                    best_before = run.best().loss;
                }
            }
            let best = run.best().loss;
            assert!(best <= best_before, "{method}, {blend:?}: {best_before} to {best}");
            assert!(best < best_before || !method.ends_with("lbfgs:12"), "and it helps");
        }
    }
}

#[test]
fn a_second_method_that_cannot_work_is_refused_at_once() {
    let refused = |method: &str, covariance: &str| {
        let mut options = RunOptions::from(FitOptions::default());
        options.fit.set_covariance(covariance).unwrap();
        let set = options.set_method(method);
        set.and_then(|()| options.check()).unwrap_err().to_string()
    };
    assert!(refused("adam:3+magic:2", "body-frame").contains("magic"));
    assert!(refused("adam:3+lbfgs:2", "cholesky").contains("body frame"));
}

#[test]
fn a_step_that_is_not_finite_is_forgiven_in_the_middle_of_a_line_search() {
    let mut backend = WatchedOracle::with_faults(Fault::Loss, |pass| pass.is_multiple_of(7));
    let mut fitter = Fitter::new(&mut backend, picture(SIZE, 3), recipe_of(20, 60)).unwrap();
    let first = fitter.step().unwrap().psnr_db;
    let result: Result<Progress> = loop {
        match fitter.step() {
            Ok(progress) if progress.stop.is_none() => {}
            other => break other,
        }
    };
    // Steps after revisions have no search to fall back on, and too many of them end a fit.
    assert!(matches!(result, Ok(_) | Err(Error::Diverged { .. })), "{result:?}");
    assert!(fitter.best().psnr_db > first + 1.0);
    fitter.best().gaussians.check().unwrap();
}

#[test]
fn details_come_at_every_multiple_and_at_the_end_whatever_was_rejected() {
    let mut rejected = false;
    for (every, iterations) in (1..7).zip(40..) {
        let options = recipe_of(12, iterations);
        let mut oracle = Oracle;
        let mut fitter = Fitter::new(&mut oracle, picture(SIZE, 1), options.clone()).unwrap();
        fitter.details_every(Some(every));
        let log = run(&mut fitter);
        // Passes are taken by trials and revisions, too: a row comes with the first state that
        // is kept at a multiple or after it.
        let mut before = None;
        for progress in log.iter().filter(|progress| !progress.rejected) {
            let passed = before.is_none_or(|before| before / every < progress.iteration / every);
            let due = passed || progress.stop.is_some();
            assert_eq!(progress.details.is_some(), due, "{} of {every}", progress.iteration);
            before = Some(progress.iteration);
        }
        rejected |= log.iter().any(|progress| progress.rejected);
        assert!(log.last().unwrap().details.is_some(), "{iterations} iterations");
        let mut oracle = Oracle;
        let mut plain = Fitter::new(&mut oracle, picture(SIZE, 1), options).unwrap();
        run(&mut plain);
        assert_eq!(plain.best().gaussians, fitter.best().gaussians, "details change nothing");
    }
    assert!(rejected, "some trials were");
}

#[test]
fn a_fit_says_that_nothing_helps_any_more() {
    let mut options = recipe_of(2, 100_000);
    options.density = DensityOptions::FIXED;
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, picture(Size::new(7, 6), 1), options).unwrap();
    let log = run(&mut fitter);
    let last = log.last().unwrap();
    assert_eq!(last.stop, Some(StopReason::Converged), "after {} iterations", last.iteration);
    assert!(last.iteration < 10_000);
}
