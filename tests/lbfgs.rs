//! L-BFGS: its steps, and its memory while Gaussians come and go.

#[path = "common/groups.rs"]
mod groups;

use groups::pattern;
use lgi::optim::{Backtracking, Flow, Groups, Lbfgs, PerGroup, RowMap, Step, Transform, Trial};

/// A step without blocks: L-BFGS starts from a multiple of the identity.
const PLAIN: Step<'static> = Step::at(PerGroup { position: 1.0, shape: 1.0, color: 1.0 });

/// A quadratic with curvatures from 0.6 to 20, in coordinates that are mixed; its minimum.
struct Quadratic {
    minimum: Groups,
}

impl Quadratic {
    fn curvature(index: usize) -> f32 {
        0.6 * 33.0_f32.powf(index as f32 / 13.0)
    }

    /// Loss and gradient. Neighbours are coupled.
    fn evaluate(&self, at: &Groups) -> (f64, Groups) {
        let flat = |groups: &Groups| -> Vec<f32> {
            groups.iter().flat_map(|(_, values)| values.clone()).collect()
        };
        let (x, minimum) = (flat(at), flat(&self.minimum));
        let away: Vec<f32> = x.iter().zip(&minimum).map(|(x, m)| x - m).collect();
        let mut gradient = vec![0.0; away.len()];
        for i in 0..away.len() {
            gradient[i] += Self::curvature(i) * away[i];
            if i > 0 {
                gradient[i] += 0.2 * away[i - 1];
                gradient[i - 1] += 0.2 * away[i];
            }
        }
        let dot = gradient.iter().zip(&away).map(|(g, d)| f64::from(*g) * f64::from(*d));
        let loss = 0.5 * dot.sum::<f64>();
        let (position, rest) = gradient.split_at(at.position.len());
        let (shape, color) = rest.split_at(at.shape.len());
        let gradient =
            Groups { position: position.into(), shape: shape.into(), color: color.into() };
        (loss, gradient)
    }
}

/// Minimises with L-BFGS and the line search; the losses on the way and where it ends.
fn minimise(problem: &Quadratic, lbfgs: &mut Lbfgs, steps: usize) -> (Vec<f64>, Groups) {
    let mut at = pattern(2, 2, 5);
    let mut losses = Vec::new();
    for _ in 0..steps {
        let (loss, gradient) = problem.evaluate(&at);
        losses.push(loss);
        let mut direction = gradient.clone();
        assert_eq!(lbfgs.update(&mut direction, &PLAIN).unwrap(), Flow::On);
        assert!(direction.dot(&gradient) <= 0.0, "a step goes downhill");
        let mut search = Backtracking::new(loss);
        let mut scale = 1.0;
        loop {
            let mut step = direction.clone();
            step.scale(scale);
            let mut ahead = at.clone();
            ahead.add_scaled(1.0, &step);
            match search.judge(problem.evaluate(&ahead).0, gradient.dot(&step)) {
                Trial::Accept => {
                    at = ahead;
                    lbfgs.stepped(&step);
                    break;
                }
                Trial::Shorten(shorter) => scale = shorter,
                Trial::GiveUp => return (losses, at),
            }
        }
    }
    (losses, at)
}

#[test]
fn lbfgs_finds_the_minimum_of_a_quadratic() {
    let problem = Quadratic { minimum: pattern(2, 2, 6) };
    let (losses, at) = minimise(&problem, &mut Lbfgs::new(8), 60);
    assert!(losses.last().unwrap() < &(1e-9 * losses[0]), "{losses:?}");
    for ((_, at), (_, minimum)) in at.iter().zip(problem.minimum.iter()) {
        assert!(at.iter().zip(minimum).all(|(a, m)| (a - m).abs() < 1e-3), "{at:?}, {minimum:?}");
    }
    // What it remembers is what makes it fast.
    let (forgetful, _) = minimise(&problem, &mut Lbfgs::new(1), 20);
    assert!(losses[19] < 0.1 * forgetful.last().unwrap(), "{} {forgetful:?}", losses[19]);
}

/// L-BFGS that has made some steps on three Gaussians.
fn experienced() -> Lbfgs {
    let problem = Quadratic { minimum: pattern(3, 2, 8) };
    let mut lbfgs = Lbfgs::new(5);
    let mut at = pattern(3, 2, 9);
    for _ in 0..4 {
        let (_, gradient) = problem.evaluate(&at);
        let mut step = gradient.clone();
        assert_eq!(lbfgs.update(&mut step, &PLAIN).unwrap(), Flow::On);
        step.scale(0.3);
        at.add_scaled(1.0, &step);
        lbfgs.stepped(&step);
    }
    lbfgs
}

fn copy(lbfgs: &Lbfgs) -> Lbfgs {
    let mut copy = Lbfgs::new(5);
    let text = serde_json::to_string(&lbfgs.save()).unwrap();
    copy.restore(&serde_json::from_str(&text).unwrap()).unwrap();
    copy
}

/// Steps after a change of rows.
fn after(lbfgs: &Lbfgs, rows: &RowMap, gradient: &Groups) -> Groups {
    let mut lbfgs = copy(lbfgs);
    lbfgs.remap(rows);
    let mut step = gradient.clone();
    assert_eq!(lbfgs.update(&mut step, &PLAIN).unwrap(), Flow::On);
    step
}

/// Steps of the first three Gaussians.
fn first_three(groups: &Groups) -> Groups {
    let PerGroup { position, shape, color } = groups;
    Groups {
        position: position[..6].to_vec(),
        shape: shape[..9].to_vec(),
        color: color[..6].to_vec(),
    }
}

#[test]
fn a_memory_written_to_json_and_read_back_goes_on_to_the_same_bits() {
    let (mut first, mut second) = (experienced(), copy(&experienced()));
    for seed in 20..24 {
        let (mut a, mut b) = (pattern(3, 2, seed), pattern(3, 2, seed));
        assert_eq!(first.update(&mut a, &PLAIN).unwrap(), Flow::On);
        assert_eq!(second.update(&mut b, &PLAIN).unwrap(), Flow::On);
        assert_eq!(a, b);
        first.stepped(&a);
        second.stepped(&b);
    }
}

#[test]
fn new_gaussians_change_nothing_about_the_steps_of_the_old_ones() {
    let lbfgs = experienced();
    let gradient = pattern(3, 2, 10);
    let expected = after(&lbfgs, &RowMap::identity(3), &gradient);
    let mut rows = RowMap::identity(3);
    rows.append(2);
    let mut longer = gradient.clone();
    longer.position.extend([0.5, -0.25, 0.125, 1.0]);
    longer.shape.extend([0.0, 0.5, 0.25, -0.5, -1.0, 2.0]);
    longer.color.extend([1.0, 0.5, -0.5, 0.75]);
    let given = after(&lbfgs, &rows, &longer);
    assert_eq!(first_three(&given), expected);
    // Nothing is remembered of the new ones: they go straight down their gradient.
    let scale = given.position[6] / longer.position[6];
    assert!(scale < 0.0);
    for ((group, steps), (_, gradients)) in given.iter().zip(longer.iter()) {
        let old = if group.name() == "shape" { 9 } else { 6 };
        for (step, gradient) in steps[old..].iter().zip(&gradients[old..]) {
            assert!((step - scale * gradient).abs() < 1e-6, "{group:?}: {step}, {gradient}");
        }
    }
}

#[test]
fn a_gaussian_that_moved_starts_without_a_past() {
    let mut rows = RowMap::identity(3);
    rows.renew(1);
    let gradient = pattern(3, 2, 11);
    let step = after(&experienced(), &rows, &gradient);
    let ratios = [
        step.position[2] / gradient.position[2],
        step.position[3] / gradient.position[3],
        step.shape[4] / gradient.shape[4],
        step.color[2] / gradient.color[2],
    ];
    assert!(ratios.iter().all(|r| *r < 0.0 && (r / ratios[0] - 1.0).abs() < 1e-5), "{ratios:?}");
    // The others keep theirs.
    let olds = step.color[4..].iter().zip(&gradient.color[4..]);
    let olds: Vec<f32> = olds.map(|(step, gradient)| step / gradient / ratios[0]).collect();
    assert!(olds.iter().any(|ratio| (ratio - 1.0).abs() > 1e-2), "{olds:?}");
}

#[test]
fn gaussians_that_are_dropped_take_their_past_with_them() {
    let mut rows = RowMap::identity(3);
    rows.retain(&[true, false, true]);
    let all = pattern(3, 2, 12);
    let kept = Groups {
        position: [&all.position[..2], &all.position[4..]].concat(),
        shape: [&all.shape[..3], &all.shape[6..]].concat(),
        color: [&all.color[..2], &all.color[4..]].concat(),
    };
    let dropped = after(&experienced(), &rows, &kept);
    // As if the dropped one had never had a gradient.
    let mut renewed = RowMap::identity(3);
    renewed.renew(1);
    let mut still = all;
    still.position[2..4].fill(0.0);
    still.shape[3..6].fill(0.0);
    still.color[2..4].fill(0.0);
    let expected = after(&experienced(), &renewed, &still);
    for (given, expected) in [
        (&dropped.position, [&expected.position[..2], &expected.position[4..]].concat()),
        (&dropped.shape, [&expected.shape[..3], &expected.shape[6..]].concat()),
        (&dropped.color, [&expected.color[..2], &expected.color[4..]].concat()),
    ] {
        let agree = given.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(agree && given.len() == expected.len(), "{given:?}, {expected:?}");
    }
}

#[test]
fn a_shorter_memory_forgets_the_oldest_steps() {
    let pairs = |lbfgs: &Lbfgs| lbfgs.save()["pairs"].as_array().unwrap().len();
    let learn = |lbfgs: &mut Lbfgs| {
        let mut step = pattern(3, 2, 30);
        assert_eq!(lbfgs.update(&mut step, &PLAIN).unwrap(), Flow::On);
        lbfgs.stepped(&step);
    };
    let long = experienced();
    assert!(pairs(&long) >= 3);
    let mut short = Lbfgs::new(2);
    short.restore(&long.save()).unwrap();
    learn(&mut short);
    assert!(pairs(&short) <= 2, "{}", pairs(&short));
    let mut none = Lbfgs::new(0);
    none.restore(&long.save()).unwrap();
    learn(&mut none);
    assert_eq!(pairs(&none), 0);
}
