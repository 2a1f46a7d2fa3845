//! Update rules, clipping and schedules against closed forms.

use lgi::optim::schedule::ScheduleOptions;
use lgi::optim::{Adam, Groups, OptimizerOptions, PerGroup, Step, Transform};

fn groups(position: &[f32], shape: &[f32], color: &[f32]) -> Groups {
    Groups { position: position.to_vec(), shape: shape.to_vec(), color: color.to_vec() }
}

fn step_at(rate: f32) -> Step<'static> {
    Step { rates: PerGroup { position: rate, shape: rate, color: rate }, blocks: None }
}

#[test]
fn adam_follows_its_published_recursion() {
    let (beta1, beta2, epsilon) = (0.8_f64, 0.95_f64, 1e-8_f64);
    let mut adam = Adam::new(beta1 as f32, beta2 as f32, epsilon as f32);
    let gradients = [0.5_f64, -0.25, 0.125, 2.0, -1.0];
    let (mut first, mut second) = (0.0, 0.0);
    for (t, gradient) in gradients.into_iter().enumerate() {
        let mut updates = groups(&[gradient as f32], &[0.0], &[gradient as f32 * 10.0]);
        adam.update(&mut updates, &step_at(1.0));
        first = beta1 * first + (1.0 - beta1) * gradient;
        second = beta2 * second + (1.0 - beta2) * gradient * gradient;
        let exponent = t as i32 + 1;
        let unbiased1 = first / (1.0 - beta1.powi(exponent));
        let unbiased2 = second / (1.0 - beta2.powi(exponent));
        let expected = unbiased1 / (unbiased2.sqrt() + epsilon);
        assert!((f64::from(updates.position[0]) - expected).abs() < 1e-5, "step {t}");
        // Adam does not see the scale of the gradient.
        assert!((updates.position[0] - updates.color[0]).abs() < 1e-5, "step {t}");
        assert_eq!(updates.shape[0], 0.0, "no gradient, no step");
    }
}

#[test]
fn a_chain_goes_down_the_gradient_at_each_groups_own_rate() {
    let options = OptimizerOptions {
        learning_rate: PerGroup { position: 1.0, shape: 2.0, color: 0.0 },
        ..Default::default()
    };
    let mut chain = options.build().unwrap();
    let mut updates = groups(&[3.0], &[-3.0], &[3.0]);
    chain.update(&mut updates, &Step { rates: options.learning_rate, blocks: None });
    assert!((updates.position[0] + 1.0).abs() < 1e-5);
    assert!((updates.shape[0] - 2.0).abs() < 1e-5);
    assert_eq!(updates.color[0], 0.0);
}

#[test]
fn adam_in_a_chain_finds_the_minimum_of_a_quadratic() {
    let options = OptimizerOptions::default();
    let mut chain = options.build().unwrap();
    let minimum = [1.5, -2.0];
    let mut x = [0.0_f32; 2];
    for iteration in 0..400 {
        let factor = options.schedule.factor(iteration, 400).unwrap() as f32;
        let gradient = [x[0] - minimum[0], 100.0 * (x[1] - minimum[1])];
        let mut updates = groups(&gradient, &[], &[]);
        chain.update(&mut updates, &step_at(0.1 * factor));
        for (x, step) in x.iter_mut().zip(updates.position) {
            *x += step;
        }
    }
    assert!((x[0] - minimum[0]).abs() < 1e-2 && (x[1] - minimum[1]).abs() < 1e-2, "{x:?}");
}

#[test]
fn clipping_by_value_bounds_each_entry_and_by_norm_keeps_the_direction() {
    let mut by_value = lgi::optim::ClipValue { limit: 1.0 };
    let mut updates = groups(&[3.0, -0.5], &[-4.0], &[0.25]);
    by_value.update(&mut updates, &step_at(1.0));
    assert_eq!(updates, groups(&[1.0, -0.5], &[-1.0], &[0.25]));

    let mut by_norm = lgi::optim::ClipNorm { limit: 2.5 };
    let mut updates = groups(&[3.0], &[], &[4.0]);
    by_norm.update(&mut updates, &step_at(1.0));
    assert_eq!(updates, groups(&[1.5], &[], &[2.0]));
    by_norm.update(&mut updates, &step_at(1.0));
    assert_eq!(updates, groups(&[1.5], &[], &[2.0]), "within the norm nothing changes");
}

#[test]
fn a_state_written_to_json_and_read_back_goes_on_to_the_same_bits() {
    let options = OptimizerOptions::default();
    let gradient = |k: usize| {
        let value = ((k * 37 % 11) as f32 - 5.0) * 1e-7 / 3.0;
        groups(&[value, -value / 7.0], &[value * value], &[1.0 / (value + 1e-9)])
    };
    let mut first = options.build().unwrap();
    for k in 0..10 {
        first.update(&mut gradient(k), &step_at(0.1));
    }
    let text = serde_json::to_string(&first.save()).unwrap();
    let mut second = options.build().unwrap();
    second.restore(&serde_json::from_str(&text).unwrap()).unwrap();
    for k in 10..20 {
        let (mut a, mut b) = (gradient(k), gradient(k));
        first.update(&mut a, &step_at(0.1));
        second.update(&mut b, &step_at(0.1));
        assert_eq!(a, b, "step {k}");
    }
}

fn factors(options: &ScheduleOptions, iterations: u64) -> Vec<f64> {
    (0..iterations).map(|i| options.factor(i, iterations).unwrap()).collect()
}

#[test]
fn every_schedule_follows_its_formula() {
    let named = |name: &str| ScheduleOptions { name: name.into(), ..Default::default() };
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;

    assert!(factors(&named("constant"), 50).iter().all(|f| *f == 1.0));

    let cosine = factors(&named("cosine"), 100);
    assert!(near(cosine[0], 1.0) && near(cosine[50], 0.01 + 0.99 * 0.5));
    assert!(cosine.windows(2).all(|pair| pair[1] < pair[0]));

    let options = ScheduleOptions { period: 10, period_growth: 2.0, ..named("cosine-restarts") };
    let restarts = factors(&options, 80);
    let starts: Vec<usize> = (0..80).filter(|i| near(restarts[*i], 1.0)).collect();
    assert_eq!(starts, [0, 10, 30, 70], "each period twice the last");

    let step = factors(&ScheduleOptions { period: 20, decay: 0.5, ..named("step") }, 60);
    assert!(near(step[19], 1.0) && near(step[20], 0.5) && near(step[40], 0.25));

    let exponential = factors(&named("exponential"), 100);
    assert!(exponential.windows(2).all(|pair| near(pair[1] / pair[0], 0.01_f64.powf(0.01))));

    let inverse_sqrt = factors(&named("inverse-sqrt"), 100);
    assert!(near(inverse_sqrt[3], 0.5) && near(inverse_sqrt[99], 0.1));
}

#[test]
fn warm_up_rises_linearly_and_then_hands_over() {
    for name in lgi::optim::schedule::ALL.iter().map(|schedule| schedule.name()) {
        let options = ScheduleOptions { name: name.into(), warmup: 4, ..Default::default() };
        let rising: Vec<f64> = (0..5).map(|i| options.factor(i, 100).unwrap()).collect();
        let expected = [0.2, 0.4, 0.6, 0.8, 1.0];
        let agree = rising.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(agree, "{name}: {rising:?}");
    }
}

#[test]
fn numbers_outside_their_domain_are_named() {
    type Break = fn(&mut OptimizerOptions);
    let wrong: [(&str, Break); 6] = [
        ("beta1", |o| o.beta1 = 1.0),
        ("epsilon", |o| o.epsilon = f32::NAN),
        ("shape", |o| o.learning_rate.shape = -1.0),
        ("clip", |o| o.clip_norm = Some(0.0)),
        ("no schedule", |o| o.schedule.name = "sawtooth".into()),
        ("no update rule", |o| o.rule = "magic".into()),
    ];
    for (word, break_it) in wrong {
        let mut options = OptimizerOptions::default();
        break_it(&mut options);
        let message = options.check().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}
