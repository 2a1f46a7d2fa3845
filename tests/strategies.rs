//! Pipelines as text, what strategies hand over, and single strategies against what they claim.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::fit::{FitOptions, Fitter, Progress, StopReason};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::loss::Loss;
use lgi::optim::OptimizerOptions;
use lgi::renderer::Renderer;
use lgi::strategy::{
    Blocks, Curriculum, Leg, Pipeline, Run, RunCheckpoint, RunOptions, Work, shares,
};

const SIZE: Size = Size::new(48, 40);

fn picture() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let (u, v) = (x as f32 * 0.21, y as f32 * 0.17 + channel as f32);
                let disc = f32::hypot(x as f32 - 17.0, y as f32 - 22.0) < 8.0;
                let value = 0.45 + 0.25 * u.sin() * v.cos() + if disc { 0.2 } else { 0.0 };
                image.plane_mut(channel)[y * SIZE.width + x] = value;
            }
        }
    }
    Arc::new(image)
}

fn options(method: &str, iterations: u64) -> RunOptions {
    let mut fit = FitOptions { gaussians: 24, ..FitOptions::default() };
    fit.stop.iterations = iterations;
    let mut options = RunOptions::from(fit);
    options.set_method(method).unwrap();
    options
}

fn log_of(run: &mut Run<'_>) -> Vec<Progress> {
    let mut log = Vec::new();
    while log.last().is_none_or(|progress: &Progress| progress.stop.is_none()) {
        log.push(run.step().unwrap());
    }
    log
}

#[test]
fn stages_without_a_number_share_what_the_others_leave() {
    let passes = |text: &str, total| text.parse::<Pipeline>().unwrap().passes(total).unwrap();
    assert_eq!(passes("cmaes:20+lbfgs:200", 220), [20, 200]);
    assert_eq!(passes("cmaes:20+adam+lbfgs", 251), [20, 115, 116]);
    assert_eq!(passes(" clip-l2,adam + lbfgs:5 ", 9), [4, 5]);
    assert_eq!(passes("hierarchical", 7), [7]);
    let text = "cmaes:20+clip-l2,adam+lbfgs:7";
    assert_eq!(text.parse::<Pipeline>().unwrap().to_string(), text);
    assert_eq!(options("cmaes:20+lbfgs:200", 5).fit.stop.iterations, 220);
    for (parts, expected) in
        [(&[1.0, 1.0, 1.0][..], &[3, 4, 3][..]), (&[0.5, 0.0, 0.5], &[5, 0, 5]), (&[1.0], &[10])]
    {
        assert_eq!(shares(10, parts), expected);
    }
}

#[test]
fn what_is_no_pipeline_is_said() {
    for (text, says) in [
        ("cmeas:20+lbfgs", "cmaes"),
        ("lbfgs:", "whole number"),
        ("lbfgs:0", "from 1"),
        ("lbfgs:-3", "whole number"),
        ("cmaes++lbfgs", "no method \"\""),
        ("clip-l2,cmaes", "stands by itself"),
        ("clip-l2+adam", "no update rule"),
    ] {
        let message = text.parse::<Pipeline>().unwrap_err().to_string();
        assert!(message.contains(says), "{text}: {message}");
    }
    let mut short = options("cmaes:20+lbfgs", 30);
    short.fit.stop.iterations = 20;
    assert!(short.check().unwrap_err().to_string().contains("20 passes and a stage without"));
    let mut options = options("annealing:5+adam:5", 10);
    for (name, value, says) in [
        ("annealing.sigam", 0.1, "annealing.sigma"),
        ("annealing.share", 1.5, "between 0 and 1"),
        ("beta1", 1.5, "below 1"),
    ] {
        let message = options.set(name, value).unwrap_err().to_string();
        assert!(message.contains(says), "{name}: {message}");
    }
    options.set("annealing.sigma", 0.2).unwrap();
    options.set("color.beta1", 0.7).unwrap();
    options.set("rate", 0.01).unwrap();
    options.check().unwrap();
}

#[test]
fn a_search_hands_its_best_to_the_descent_behind_it() {
    let mut backend = Cpu::new();
    let mut run = Run::new(&mut backend, picture(), options("cmaes:30+lbfgs:10", 0)).unwrap();
    let log = log_of(&mut run);
    // A trial is half a pass; the descent takes up the best of them.
    let (trials, descent) = log.split_at(60);
    let best = trials.iter().map(|progress| progress.loss).fold(f64::INFINITY, f64::min);
    assert!((descent[0].loss - best).abs() < 1e-6 * best, "{} after {best}", descent[0].loss);
    let losses = [trials[0].loss, best, run.best().loss];
    assert!(losses[0] > losses[1] && losses[1] > losses[2], "{losses:?}");
    assert_eq!((descent[0].iteration, run.iteration()), (30, 40));
    assert_eq!(log.last().unwrap().stop, Some(StopReason::Iterations));
    let rises = log.windows(2).all(|pair| pair[0].iteration <= pair[1].iteration);
    assert!(rises && log.windows(2).all(|pair| pair[0].best_psnr_db <= pair[1].best_psnr_db));
}

#[test]
fn stop_rules_end_a_run_in_any_stage() {
    for method in ["annealing:40", "hierarchical", "cmaes:20+lbfgs", "coarse-to-polish"] {
        let mut options = options(method, 60);
        options.fit.stop.target_psnr_db = Some(22.0);
        let mut backend = Cpu::new();
        let mut run = Run::new(&mut backend, picture(), options.clone()).unwrap();
        let last = log_of(&mut run).pop().unwrap();
        assert_eq!(last.stop, Some(StopReason::TargetPsnr), "{method}");
        assert!(run.best().psnr_db >= 22.0, "{method}");
        options.fit.stop.target_psnr_db = None;
        options.fit.stop.time_s = Some(0.0);
        let mut backend = Cpu::new();
        let mut run = Run::new(&mut backend, picture(), options).unwrap();
        assert_eq!(log_of(&mut run)[0].stop, Some(StopReason::Time), "{method}");
        assert_eq!(run.best().gaussians.channels(), 3, "{method}");
    }
}

#[test]
fn each_turn_of_block_coordinates_moves_its_group_alone() {
    let mut backend = Cpu::new();
    let mut options = options("block-coordinate", 18);
    options.set("turn", 6.0).unwrap();
    let mut run = Run::new(&mut backend, picture(), options).unwrap();
    let mut seen = vec![run.gaussians().unwrap().clone()];
    for turn in 0..3 {
        // Six evaluations, of which the last begins the next turn.
        for _ in 0..6 {
            run.step().unwrap();
        }
        let (before, now) = (seen.last().unwrap().clone(), run.best().gaussians);
        let moved = [
            before.mean_px != now.mean_px,
            before.factor_px != now.factor_px,
            before.color != now.color,
        ];
        let mut expected = [false; 3];
        expected[turn] = true;
        assert_eq!(moved, expected, "turn {turn}");
        seen.push(now);
    }
}

#[test]
fn levels_have_the_gaussians_that_they_ask_for() {
    let counts = |options: &RunOptions| {
        let legs = options.legs(&picture()).unwrap();
        let count = |work: &Work| match work {
            Work::Descent(descent) => descent.options.gaussians,
            Work::Search { .. } => 0,
        };
        legs.iter().map(|leg| (count(&leg.work), leg.passes)).collect::<Vec<_>>()
    };
    let mut options = options("hierarchical", 90);
    options.fit.gaussians = 1000;
    assert_eq!(counts(&options), [(100, 30), (500, 30), (1000, 30)]);
    options.set("levels", 4.0).unwrap();
    let table: lgi::optim::Value = "table(0=0.2,1=0.3,2=0.9)".parse().unwrap();
    options.set("share", table).unwrap();
    let found: Vec<usize> = counts(&options).into_iter().map(|(count, _)| count).collect();
    assert_eq!(found, [200, 300, 900, 1000]);
}

#[test]
fn solved_colours_are_those_of_the_dense_normal_equations() {
    let fit = FitOptions { gaussians: 5, ..FitOptions::default() };
    let target = picture();
    let mut backend = Cpu::new();
    let mut fitter = Fitter::new(&mut backend, Arc::clone(&target), fit.clone()).unwrap();
    fitter.refit_colors(60).unwrap();
    let solved = fitter.gaussians().clone();
    // What each Gaussian draws with a colour of 1.
    let mut columns = Vec::new();
    for index in 0..solved.len() {
        let mut one = Gaussians::empty(3);
        one.push(solved.mean_px[index], solved.factor_px[index], &[1.0; 3]);
        let mut backend = Cpu::new();
        let mut renderer = Renderer::new(&mut backend, fit.blend, SIZE);
        renderer.set(&one);
        columns.push(renderer.render().unwrap().plane(0).to_vec());
    }
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    for channel in 0..3 {
        // J^T J c = J^T target, but for the ridge of a thousandth of the mass.
        for (row, column) in columns.iter().enumerate() {
            let left: f64 = columns
                .iter()
                .enumerate()
                .map(|(i, other)| dot(column, other) * f64::from(solved.color_of(i)[channel]))
                .sum();
            let right = dot(column, target.plane(channel));
            assert!((left - right).abs() < 2e-3 * right.abs(), "{row}: {left} {right}");
        }
    }
}

#[test]
fn blocks_cover_every_pixel_and_every_gaussian_once() {
    let mut backend = Cpu::new();
    let options = FitOptions { gaussians: 60, ..FitOptions::default() };
    let target = picture();
    let fitter = Fitter::new(&mut backend, Arc::clone(&target), options).unwrap();
    let mut gaussians = fitter.gaussians().clone();
    // Far outside, and all in one place.
    gaussians.mean_px[0] = [-500.0, 900.0];
    (1..12).for_each(|index| gaussians.mean_px[index] = [7.3, 7.4]);
    let blocks = Blocks::of(&gaussians, &target, 4);
    let mut pixels = vec![0; SIZE.pixels()];
    let mut rows = vec![0; gaussians.len()];
    for block in blocks.iter() {
        let [left, top, right, bottom] = block.bounds_px;
        (top..bottom).for_each(|y| (left..right).for_each(|x| pixels[y * SIZE.width + x] += 1));
        block.rows.iter().for_each(|row| rows[*row] += 1);
    }
    assert!(pixels.iter().all(|count| *count == 1) && rows.iter().all(|count| *count == 1));
    // Their losses add up to that of the picture.
    let drawn = Image::zeros(SIZE, 3);
    let loss = Loss { l1: 0.3, l2: 0.7, ssim: 0.0 };
    let sum: f64 = blocks.losses(&drawn, &target, &loss).iter().sum();
    let whole = loss.evaluate(&drawn, &target).unwrap().0.total(&loss);
    assert!((sum / target.data().len() as f64 - whole).abs() < 1e-6 * whole, "{sum} {whole}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let run = |threads: usize, method: &str| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut backend = Cpu::new();
            let mut run = Run::new(&mut backend, picture(), options(method, 20)).unwrap();
            log_of(&mut run);
            run.best().gaussians
        })
    };
    for strategy in lgi::strategy::all() {
        let name = strategy.part.name;
        assert!(run(1, name) == run(3, name), "{name}");
    }
}

#[test]
fn frozen_groups_rest_whatever_the_rule_makes_of_the_others() {
    for method in ["freeze,lbfgs", "freeze,natural-gradient,sgd", "freeze,adam"] {
        let mut optimizer = OptimizerOptions::of(method).unwrap();
        optimizer.set("shape.freeze.weight", 1.0).unwrap();
        let mut fit = FitOptions { gaussians: 24, optimizer, ..FitOptions::default() };
        fit.stop.iterations = 5;
        let mut backend = Cpu::new();
        let mut fitter = Fitter::new(&mut backend, picture(), fit).unwrap();
        let start = fitter.gaussians().clone();
        while fitter.step().unwrap().stop.is_none() {}
        let end = fitter.gaussians();
        assert_ne!(end.factor_px, start.factor_px, "{method}");
        assert!(end.mean_px == start.mean_px && end.color == start.color, "{method}");
    }
}

#[test]
fn records_are_of_the_picture_itself_and_searches_have_some_too() {
    for method in ["coarse-to-polish", "annealing:10+lbfgs"] {
        let mut cpu = Cpu::new();
        let mut run = Run::new(&mut cpu, picture(), options(method, 40)).unwrap();
        run.details_every(Some(5));
        let mut recorded = Vec::new();
        loop {
            let before = run.iteration();
            let progress = run.step().unwrap();
            if run.is_record_due(before, &progress) {
                recorded.push(progress.clone());
            }
            if progress.stop.is_some() {
                break;
            }
        }
        let best = run.best().psnr_db;
        assert!(recorded.iter().all(|row| row.best_psnr_db <= best), "{method}");
        let seen = recorded.iter().map(|row| row.psnr_db).fold(f64::NEG_INFINITY, f64::max);
        assert!(seen <= best + 1e-9, "{method}: {seen} above {best}");
        assert!(recorded.len() >= 5, "{method}: {}", recorded.len());
    }
}

fn with_curriculum(method: &str, iterations: u64, halvings: &str) -> RunOptions {
    let mut options = options(method, iterations);
    options.curriculum = Some(halvings.parse().unwrap());
    options
}

/// Halvings and passes of every leg; searches have no size.
fn sizes(options: &RunOptions) -> Vec<(Option<u32>, u64)> {
    let of = |leg: &Leg| match &leg.work {
        Work::Descent(descent) => (Some(descent.halvings), leg.passes),
        Work::Search { .. } => (None, leg.passes),
    };
    options.legs(&picture()).unwrap().iter().map(of).collect()
}

#[test]
fn a_curriculum_gives_every_descent_its_sizes_over_the_whole_run() {
    // The shorter side is 40 pixels: no picture is halved below 16.
    let whole = |passes| (Some(0), passes);
    let half = |passes| (Some(1), passes);
    let table = "table(0=2,4=1,10=0)";
    assert_eq!(sizes(&with_curriculum("adam", 30, table)), [half(8), whole(22)]);
    assert_eq!(sizes(&with_curriculum("adam", 30, "0")), [whole(30)]);
    let pipeline = with_curriculum("cmaes:4+lbfgs:4+adam:9", 0, "linear(1,0)");
    assert_eq!(sizes(&pipeline), [(None, 4), half(4), half(1), whole(8)]);
    let usual = sizes(&with_curriculum("lbfgs", 100, "on"));
    assert_eq!(usual, [half(18), whole(82)]);
    // Strategies that choose their sizes keep them.
    let own = options("coarse-to-polish", 60);
    assert_eq!(sizes(&with_curriculum("coarse-to-polish", 60, "0")), sizes(&own));
}

#[test]
fn a_curriculum_that_does_not_end_on_the_picture_is_refused() {
    for (halvings, says) in [
        ("2", "from 2 to 2"),
        ("linear(0,1)", "from 0 to 1"),
        ("exponential(20,0.1)", "at most 8"),
        ("often", "neither a number"),
        ("linar(2,0)", "linear"),
    ] {
        let message = halvings.parse::<Curriculum>().unwrap_err().to_string();
        assert!(message.contains(says), "{halvings}: {message}");
    }
    let late = with_curriculum("adam", 10, "table(0=1,20=0)");
    let message = late.legs(&picture()).unwrap_err().to_string();
    assert!(message.contains("after 10 iterations"), "{message}");
}

#[test]
fn a_run_with_a_curriculum_is_drawn_on_the_picture_and_resumes_to_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = |step| directory.path().join(format!("{step}.json"));
    for method in ["clip-l2,adam", "lbfgs", "annealing"] {
        let mut options = with_curriculum(method, 24, "exponential(2,0.02)");
        options.fit.density = lgi::fit::recipe::density(24);
        let mut cpu = Cpu::new();
        let mut whole = Run::new(&mut cpu, picture(), options.clone()).unwrap();
        let mut steps = 0;
        while whole.step().unwrap().stop.is_none() {
            steps += 1;
            whole.checkpoint().unwrap().write(&path(steps)).unwrap();
        }
        assert_eq!(whole.iteration(), 24, "{method}");
        let best = whole.best();
        let mut other = Cpu::new();
        let mut renderer = Renderer::new(&mut other, options.fit.blend, SIZE);
        renderer.set(&best.gaussians);
        let (terms, _) = Loss::default().evaluate(&renderer.render().unwrap(), &picture()).unwrap();
        assert!((terms.l2 - best.loss).abs() < 1e-6, "{method}: {} is {}", best.loss, terms.l2);
        for step in (1..steps).step_by(6) {
            let mut cpu = Cpu::new();
            let read = RunCheckpoint::read(&path(step)).unwrap();
            let mut rest = Run::resume(&mut cpu, picture(), options.clone(), read).unwrap();
            while rest.step().unwrap().stop.is_none() {}
            assert!(rest.best().gaussians == best.gaussians, "{method} from step {step}");
        }
    }
}
