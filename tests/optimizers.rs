//! Transforms, wrappers, constraints and schedules against closed forms.

use lgi::gaussians::Gaussians;
use lgi::optim::schedule::{ALL, Closure, Schedule};
use lgi::optim::{
    Chain, Clock, Flow, Groups, OptimizerOptions, PerGroup, RowMap, Step, Transform, Value,
};
use lgi::optim::{Optimizer, transforms::RowMask};

fn groups(position: &[f32], shape: &[f32], color: &[f32]) -> Groups {
    Groups { position: position.to_vec(), shape: shape.to_vec(), color: color.to_vec() }
}

fn step_at(rate: f32) -> Step<'static> {
    Step::at(PerGroup { position: rate, shape: rate, color: rate })
}

/// A method's step for these gradients, down a rate of one.
fn stepped(options: &OptimizerOptions, gradients: Groups, step: &Step<'_>) -> Groups {
    let mut updates = gradients;
    options.build().unwrap().update(&mut updates, step).unwrap();
    updates
}

/// What a transform does to a gradient: plain descent, turned round.
fn transformed(transform: &str, settings: &[(&str, f64)], gradient: Groups) -> Groups {
    let mut options = OptimizerOptions::of(&format!("{transform},sgd")).unwrap();
    for (name, value) in settings {
        options.set(name, *value).unwrap();
    }
    let values = groups(&[1.0, 2.0], &[0.1, 0.2, 0.2], &[0.5]);
    let step = Step { values: Some(&values), ..step_at(1.0) };
    let mut updates = stepped(&options, gradient, &step);
    updates.scale(-1.0);
    updates
}

#[test]
fn a_method_goes_down_the_gradient_at_each_groups_own_rate() {
    let options = OptimizerOptions::default();
    let rates = PerGroup { position: 1.0, shape: 2.0, color: 0.0 };
    let updates = stepped(&options, groups(&[3.0], &[-3.0], &[3.0]), &Step::at(rates));
    assert!((updates.position[0] + 1.0).abs() < 1e-5);
    assert!((updates.shape[0] - 2.0).abs() < 1e-5);
    assert_eq!(updates.color[0], 0.0);
}

#[test]
fn clipping_by_value_bounds_each_entry_and_by_norm_keeps_the_direction() {
    let gradient = groups(&[3.0, -0.5], &[-4.0, 0.0, 0.0], &[0.25]);
    let clipped = transformed("clip-value", &[("limit", 1.0)], gradient);
    assert_eq!(clipped, groups(&[1.0, -0.5], &[-1.0, 0.0, 0.0], &[0.25]));

    let gradient = || groups(&[3.0, 0.0], &[], &[4.0]);
    let clipped = transformed("clip-l2", &[("limit", 2.5)], gradient());
    assert_eq!(clipped, groups(&[1.5, 0.0], &[], &[2.0]));
    assert_eq!(transformed("clip-l2", &[("limit", 5.0)], gradient()), gradient());
    let clipped = transformed("clip-l1", &[("limit", 3.5)], gradient());
    assert_eq!(clipped, groups(&[1.5, 0.0], &[], &[2.0]));
}

#[test]
fn adaptive_clipping_bounds_each_gaussian_by_its_own_parameters() {
    let gradient = groups(&[3.0, 4.0], &[0.0, 0.01, 0.0], &[-2.0]);
    let clipped = transformed("clip-adaptive", &[("limit", 0.5)], gradient);
    let longest = 0.5 * 5.0_f32.sqrt();
    assert!((clipped.position[0].hypot(clipped.position[1]) - longest).abs() < 1e-6);
    assert!((clipped.position[1] / clipped.position[0] - 4.0 / 3.0).abs() < 1e-6);
    assert_eq!(clipped.shape, [0.0, 0.01, 0.0]);
    assert!((clipped.color[0] + 0.25).abs() < 1e-6);
}

#[test]
fn small_entries_go_and_means_are_taken_off() {
    let gradient = groups(&[1.0, 1e-3], &[], &[2.0]);
    let left = transformed("zero-small", &[("threshold", 0.1)], gradient);
    assert_eq!(left, groups(&[1.0, 0.0], &[], &[2.0]));

    let mut options = OptimizerOptions::of("centralize,sgd").unwrap();
    options.set("color.share", 0.0).unwrap();
    let values = groups(&[0.0; 4], &[0.0; 6], &[0.0; 2]);
    let step = Step { values: Some(&values), ..step_at(-1.0) };
    let gradient = groups(&[1.0, 10.0, 3.0, 30.0], &[0.0; 6], &[1.0, 2.0]);
    let updates = stepped(&options, gradient, &step);
    assert_eq!(updates.position, [-1.0, -10.0, 1.0, 10.0], "each axis by itself");
    assert_eq!(updates.color, [1.0, 2.0]);
}

#[test]
fn a_loss_scale_skips_steps_that_overflow_and_keeps_small_gradients() {
    let mut options = OptimizerOptions::of("loss-scale,sgd").unwrap();
    options.set("scale", 4.0 * 65536.0).unwrap();
    options.set("growth", 2.0).unwrap();
    let mut optimizer = options.build().unwrap();
    let mut steps = |gradient: f32| {
        let mut updates = groups(&[gradient, 1e-9], &[], &[]);
        optimizer.update(&mut updates, &step_at(-1.0)).unwrap();
        updates.position
    };
    assert_eq!(steps(0.5), [0.0, 0.0], "twice what fits");
    assert_eq!(steps(0.5), [0.0, 0.0]);
    let made = steps(0.5);
    assert_eq!(made[0], 0.5);
    assert!((made[1] - 1e-9).abs() < 1e-12, "{}", made[1]);
    assert_eq!(steps(0.25)[0], 0.25);
    assert_eq!(steps(0.5), [0.0, 0.0], "the scale has doubled");
}

#[test]
fn groups_can_be_frozen_and_thawed_by_a_schedule() {
    let mut options = OptimizerOptions::of("freeze,sgd").unwrap();
    options.set("color.weight", 1.0).unwrap();
    options.set("shape.weight", "table(9=0,10=1)".parse::<Value>().unwrap()).unwrap();
    for (iteration, shape) in [(5, 0.0), (10, 1.0)] {
        let clock = Clock { iteration, iterations: 20, losses: &[] };
        let step = Step { clock, ..step_at(-1.0) };
        let updates = stepped(&options, groups(&[1.0], &[1.0], &[1.0]), &step);
        assert_eq!(updates, groups(&[0.0], &[shape], &[1.0]));
    }
}

#[test]
fn single_gaussians_can_be_masked_in_code_and_stay_so_when_rows_move() {
    let mut mask = RowMask::new(vec![true, false]);
    let gradient = || groups(&[1.0; 4], &[1.0; 6], &[1.0; 2]);
    let mut updates = gradient();
    assert_eq!(mask.update(&mut updates, &step_at(1.0)).unwrap(), Flow::On);
    assert_eq!(updates.position, [0.0, 0.0, 1.0, 1.0]);
    let mut rows = RowMap::identity(2);
    rows.renew(0);
    let mut chain = Chain::new(vec![Box::new(mask)]);
    chain.remap(&rows);
    let mut updates = gradient();
    assert_eq!(chain.update(&mut updates, &step_at(1.0)).unwrap(), Flow::On);
    assert_eq!(updates, gradient());
}

#[test]
fn noise_has_the_deviation_asked_for_and_is_the_same_for_the_same_seed() {
    let noisy = |seed: f64| {
        let settings = [("deviation", 0.5), ("decay", 0.0), ("seed", seed)];
        transformed("noise", &settings, groups(&[2.0; 20_000], &[], &[]))
    };
    let off: Vec<f64> = noisy(1.0).position.iter().map(|v| f64::from(*v) - 2.0).collect();
    let mean = off.iter().sum::<f64>() / off.len() as f64;
    let deviation = (off.iter().map(|v| v * v).sum::<f64>() / off.len() as f64).sqrt();
    assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.03, "{mean}, {deviation}");
    assert_eq!(noisy(1.0), noisy(1.0));
    assert_ne!(noisy(1.0), noisy(2.0));
}

fn gaussians(color: [f32; 3]) -> Gaussians {
    Gaussians::new(3, vec![[5.0, 5.0]], vec![[8.0, 1.0, 0.5, 0.4]], color.to_vec()).unwrap()
}

fn constrained(method: &str, settings: &[(&str, f64)], mut gaussians: Gaussians) -> Gaussians {
    let mut options = OptimizerOptions::of(&format!("{method},adam")).unwrap();
    for (name, value) in settings {
        options.set(name, *value).unwrap();
    }
    let optimizer: Optimizer = options.build().unwrap();
    optimizer.project(&mut gaussians, &Clock::default());
    gaussians
}

#[test]
fn constraints_put_parameters_back() {
    let start = || gaussians([-0.5, 0.5, 3.0]);
    assert_eq!(constrained("clip-colors", &[("high", 2.0)], start()).color, [0.0, 0.5, 2.0]);
    assert_eq!(constrained("non-negative", &[], start()).color, [0.0, 0.5, 3.0]);
    let color = constrained("max-norm", &[("limit", 1.0)], start()).color;
    assert!((color.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
    assert!((color[2] / color[1] - 6.0).abs() < 1e-5, "the hue stays");

    let before = start();
    let after = constrained("max-condition", &[("limit", 4.0)], start());
    let ([long, short], [was_long, was_short]) = (after.sigmas_px(0), before.sigmas_px(0));
    assert!((long / short - 4.0).abs() < 1e-4, "{long} / {short}");
    assert!((long * short / (was_long * was_short) - 1.0).abs() < 1e-5, "the area stays");
    let same = constrained("max-condition", &[("limit", 1e3)], start());
    assert_eq!(same, before);
}

#[test]
fn every_penalty_has_the_gradient_of_its_value() {
    use lgi::covariance::{BodyFrame, Covariance, ScaleBounds};
    let bounds = ScaleBounds { min_px: 1e-3, max_px: 1e3 };
    let mut start = Gaussians::empty(3);
    start.push([3.0, 4.0], [6.0, 1.0, -0.5, 1.2], &[0.4, -0.7, 0.2]);
    start.push([4.5, 3.2], [1.0, 0.2, 0.1, 1.4], &[-0.1, 0.6, 0.9]);
    start.push([9.0, 8.0], [1.0, -0.3, 3.0, 1.0], &[0.5, 0.5, -0.5]);
    for penalty in ["l1", "l2", "elastic-net", "anisotropy", "overlap"] {
        let mut options = OptimizerOptions::of(&format!("{penalty},adam")).unwrap();
        match penalty {
            "anisotropy" | "overlap" => options.set("weight", 1.0).unwrap(),
            _ => {
                options.set("l1", 1.0).unwrap();
                options.set("l2", 1.0).unwrap();
            }
        }
        let (optimizer, clock) = (options.build().unwrap(), Clock::default());
        let mut gradient = groups(&[0.0; 6], &[0.0; 9], &[0.0; 9]);
        optimizer.add_gradient(&start, &clock, &mut gradient);
        let along = |row: usize, number: usize, size: f32| {
            let mut moved = start.clone();
            let (mut position, mut shape) = ([0.0; 2], [0.0; 3]);
            match number {
                0..2 => position[number] = size,
                2..5 => shape[number - 2] = size,
                _ => moved.color_of_mut(row)[number - 5] += size,
            }
            (moved.mean_px[row], moved.factor_px[row]) = BodyFrame.retract(
                start.mean_px[row],
                start.factor_px[row],
                position,
                shape,
                bounds,
            );
            optimizer.penalty(&moved, &clock)
        };
        for row in 0..3 {
            let own = [
                &gradient.position[2 * row..][..2],
                &gradient.shape[3 * row..][..3],
                &gradient.color[3 * row..][..3],
            ];
            for (number, expected) in own.concat().into_iter().enumerate() {
                let size = 1e-3_f32;
                let slope = (along(row, number, size) - along(row, number, -size)) / 2e-3;
                let error = (slope - f64::from(expected)).abs();
                assert!(
                    error < 2e-3 * (0.1 + slope.abs()),
                    "{penalty}, Gaussian {row}, number {number}: {expected}, not {slope}"
                );
            }
        }
    }
}

fn at(text: &str, iteration: u64, iterations: u64) -> f64 {
    let schedule: Schedule = text.parse().unwrap();
    schedule.at(&Clock { iteration, iterations, losses: &[] })
}

#[test]
fn every_schedule_follows_its_formula() {
    let pi = std::f64::consts::PI;
    for t in 0..100 {
        let time = t as f64;
        let near = |text: &str, expected: f64| {
            let value = at(text, t, 100);
            assert!((value - expected).abs() < 1e-12, "{text} at {t}: {value}, not {expected}");
        };
        let half =
            |from: f64, to: f64, part: f64| to + (from - to) * 0.5 * (1.0 + (pi * part).cos());
        near("constant(0.3)", 0.3);
        near("cosine(2,0.5)", half(2.0, 0.5, time / 100.0));
        near("step(2,0.5,30)", 2.0 * 0.5_f64.powi(t as i32 / 30));
        near("exponential(2,0.02)", 2.0 * 0.01_f64.powf(time / 100.0));
        near("inverse-sqrt(2)", 2.0 / (time + 1.0).sqrt());
        near("linear(2,1)", 2.0 - time / 100.0);
        near("cosine-restarts(1,0,25)", half(1.0, 0.0, (time % 25.0) / 25.0));
        let (start, period) = match t {
            0..10 => (0.0, 10.0),
            10..30 => (10.0, 20.0),
            30..70 => (30.0, 40.0),
            _ => (70.0, 80.0),
        };
        near("cosine-restarts(1,0,10,2)", half(1.0, 0.0, (time - start) / period));
        let phase = (time / 20.0).fract();
        let triangle = if phase < 0.5 { 2.0 * phase } else { 2.0 - 2.0 * phase };
        near("cyclic(0.1,1,20)", 0.1 + 0.9 * triangle);
        let progress = time / 100.0;
        let cycle = if progress < 0.25 {
            half(0.1, 2.0, progress / 0.25)
        } else {
            half(2.0, 0.002, (progress - 0.25) / 0.75)
        };
        near("one-cycle(2,rise=0.25,start=0.05,end=0.001)", cycle);
        let table = match t {
            0..=10 => 1.0,
            11..=20 => 1.0 - 0.5 * (time - 10.0) / 10.0,
            _ => 0.5,
        };
        near("table(20=0.5,10=1)", table);
        let tremble = at("noisy-cosine(1,0,0.1)", t, 100) / half(1.0, 0.0, time / 100.0);
        assert!((tremble - 1.0).abs() <= 0.2 + 1e-9, "{tremble}");
        near("noisy-cosine(1,0,0)", half(1.0, 0.0, time / 100.0));
    }
}

#[test]
fn a_plateau_lowers_the_value_after_the_patience_and_not_during_the_cooldown() {
    let schedule: Schedule = "plateau(1,0.5,2,0.01,3)".parse().unwrap();
    let mut losses = vec![10.0, 5.0];
    let mut values = Vec::new();
    for _ in 0..12 {
        losses.push(5.0);
        let clock = Clock { iteration: losses.len() as u64, iterations: 100, losses: &losses };
        values.push(schedule.at(&clock));
    }
    // Three that are not better, then three that do not count, then three again.
    let expected = [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25];
    assert_eq!(values, expected);
}

#[test]
fn every_schedule_can_warm_up_and_be_written_and_read() {
    for part in ALL {
        let mut schedule = Schedule::named(part.name).unwrap();
        schedule.set("warmup", 4.0).unwrap();
        let again: Schedule = schedule.to_string().parse().unwrap();
        assert_eq!(again, schedule);
        let plain = Schedule::named(part.name).unwrap();
        let first = plain.at(&Clock { iteration: 0, iterations: 96, losses: &[] });
        for iteration in 0..4_u64 {
            let value = again.at(&Clock { iteration, iterations: 100, losses: &[] });
            let expected = first * (iteration + 1) as f64 / 5.0;
            assert!((value - expected).abs() < 1e-12, "{}: {value}", part.name);
        }
        let clock = Clock { iteration: 4, iterations: 100, losses: &[] };
        assert_eq!(again.at(&clock), first, "{}", part.name);
    }
}

#[test]
fn a_closure_can_be_a_schedule_and_has_to_be_given_again_after_a_file() {
    let options = OptimizerOptions::default()
        .with("rate", Closure::new("halves", |clock: &Clock| 0.5_f64.powi(clock.iteration as i32)))
        .unwrap();
    let clock = Clock { iteration: 3, iterations: 10, losses: &[] };
    assert_eq!(options.rates(1.0, &clock).color, 0.125);
    let text = serde_json::to_string(&options).unwrap();
    let read: OptimizerOptions = serde_json::from_str(&text).unwrap();
    let message = read.check().unwrap_err().to_string();
    assert!(message.contains("closure(halves)"), "{message}");
}

#[test]
fn rates_can_be_set_for_all_groups_or_one_and_by_a_schedule() {
    let schedule = "constant".parse().unwrap();
    let mut options = OptimizerOptions { schedule, ..Default::default() };
    options.set("rate", 0.25).unwrap();
    options.set("color.rate", "linear(0.5,0)".parse::<Value>().unwrap()).unwrap();
    let clock = Clock { iteration: 50, iterations: 100, losses: &[] };
    let rates = PerGroup { position: 0.25, shape: 0.25, color: 0.25 };
    assert_eq!(options.rates(1.0, &clock), rates);
    options.set("rate", 2.0).unwrap();
    let rates = PerGroup { position: 2.0, shape: 2.0, color: 0.25 };
    assert_eq!(options.rates(1.0, &clock), rates, "a group's own rate wins");
}

#[test]
fn settings_are_found_by_name_part_and_group() {
    let mut options = OptimizerOptions::of("momentum-reset,lookahead,adam").unwrap();
    options.set("beta1", 0.5).unwrap();
    options.set("color.adam.beta1", 0.7).unwrap();
    assert_eq!(options.settings["adam.beta1"], Value::Number(0.5));
    assert_eq!(options.settings["color.adam.beta1"], Value::Number(0.7));
    let message = options.set("every", 3.0).unwrap_err().to_string();
    assert!(message.contains("momentum-reset.every or lookahead.every"), "{message}");
    let message = options.set("beta3", 0.5).unwrap_err().to_string();
    assert!(message.contains("adam.beta1"), "near names: {message}");
    let text = serde_json::to_string(&options).unwrap();
    assert_eq!(serde_json::from_str::<OptimizerOptions>(&text).unwrap(), options);
}

#[test]
fn what_is_wrong_with_a_method_is_said_in_one_line() {
    for (method, says) in [
        ("adm", "near ones are adam"),
        ("lookahead", "no update rule"),
        ("adam,sgd", "two update rules"),
        ("lookahead,lookahead,adam", "twice"),
        ("lookahead,lbfgs", "line search"),
        ("cosine", "no method \"cosine\""),
    ] {
        let message = OptimizerOptions::of(method).unwrap_err().to_string();
        assert!(message.contains(says) && !message.contains('\n'), "{method}: {message}");
    }
}

#[test]
fn numbers_outside_their_domain_are_named() {
    type Break = fn(&mut OptimizerOptions);
    let wrong: [(&str, Break); 5] = [
        ("beta1", |o| drop(o.settings.insert("adam.beta1".into(), 1.0.into()))),
        ("epsilon", |o| drop(o.settings.insert("adam.epsilon".into(), f64::NAN.into()))),
        ("shape", |o| o.learning_rate.shape = -1.0),
        ("limit", |o| drop(o.settings.insert("clip-l2.limit".into(), 0.0.into()))),
        ("no method", |o| o.rule = "magic".into()),
    ];
    for (word, break_it) in wrong {
        let mut options = OptimizerOptions::default();
        break_it(&mut options);
        let message = options.check().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    for text in ["sawtooth", "cosine(1,2,3)", "cosine(a)", "step(1,2)", "cosine(1", "table(a=1)"] {
        assert!(text.parse::<Schedule>().is_err(), "{text}");
    }
}
