//! Second-order steps: the Gauss-Newton blocks, L-BFGS, the line search and the trust region.

use std::sync::Arc;

use argmin::core::{CostFunction, Error as ArgminError, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::covariance::{BodyFrame, Cholesky, Covariance};
use lgi::fit::{FitOptions, Fitter, StopRules};
use lgi::gaussians::{Gaussians, SUPPORT_Q};
use lgi::image::{Image, Size};
use lgi::optim::{
    Backtracking, Flow, GaussNewton, Groups, Lbfgs, PerGroup, RowMap, Step, Transform, Trial,
    TrustRegion,
};
use lgi::renderer::Renderer;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A step without blocks: L-BFGS starts from a multiple of the identity.
const PLAIN: Step<'static> = Step::at(PerGroup { position: 1.0, shape: 1.0, color: 1.0 });

fn turned(angle: f32, sigmas: [f32; 2]) -> [f32; 4] {
    let (sine, cosine) = angle.sin_cos();
    [cosine * sigmas[0], -sine * sigmas[1], sine * sigmas[0], cosine * sigmas[1]]
}

/// `N` Gaussians' worth of numbers, all different.
fn pattern(count: usize, channels: usize, seed: u64) -> Groups {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut numbers = |n: usize| (0..n).map(|_| random.random_range(-1.0..1.0)).collect();
    Groups {
        position: numbers(2 * count),
        shape: numbers(3 * count),
        color: numbers(channels * count),
    }
}

/// Six Gaussians that overlap, some over the border, one faded to nothing.
fn crowd(channels: usize) -> Gaussians {
    let mut gaussians = Gaussians::empty(channels);
    let places = [[6.0, 7.0], [12.5, 9.0], [17.0, 4.0], [10.0, 14.0], [1.0, 16.5], [20.0, 13.0]];
    for (index, mean_px) in places.into_iter().enumerate() {
        let i = index as f32;
        let color: Vec<f32> = (0..channels)
            .map(|channel| if index == 4 { 0.0 } else { 0.7 - 0.25 * i + 0.3 * channel as f32 })
            .collect();
        gaussians.push(mean_px, turned(0.7 * i, [2.0 + 0.6 * i, 4.5 - 0.5 * i]), &color);
    }
    gaussians
}

const CROWD: Size = Size::new(22, 18);

#[test]
fn solving_undoes_multiplying_for_every_colour_and_channel_count() {
    for channels in [1, 3, 4] {
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, Blend::NORMALIZED, CROWD);
        renderer.set(&crowd(channels));
        let weights = renderer.squared_weights().unwrap().unwrap();
        let mut blocks = [GaussNewton::default(), GaussNewton::default()];
        blocks[0].set(&crowd(channels), 0.01);
        blocks[1].set_normalized(channels, &weights, 0.01);
        for blocks in blocks {
            let start = pattern(6, channels, 1);
            let mut there_and_back = start.clone();
            blocks.multiply(&mut there_and_back);
            assert_ne!(there_and_back, start);
            blocks.solve(&mut there_and_back);
            for ((group, a), (_, b)) in start.iter().zip(there_and_back.iter()) {
                for (a, b) in a.iter().zip(b) {
                    assert!((a - b).abs() < 1e-3, "{channels} channels, {group:?}: {a}, {b}");
                }
            }
        }
    }
}

/// Derivatives of the picture along each coordinate of Gaussian `index`: 2 of position, 3 of
/// shape, then the colours.
fn jacobian(renderer: &mut Renderer, gaussians: &Gaussians, index: usize) -> Vec<Vec<f64>> {
    let channels = gaussians.channels();
    let stride = channels + 5;
    let mut columns = Vec::new();
    for coordinate in 0..5 + channels {
        let mut tangent = vec![0.0; gaussians.len() * stride];
        let own = &mut tangent[index * stride..][..stride];
        let mut unit = [0.0; 5];
        if coordinate < 5 {
            unit[coordinate] = 1.0;
            let [x, y, p, q, r] = unit;
            let factor = gaussians.factor_px[index];
            own[channels..].copy_from_slice(&BodyFrame.push_forward(factor, [x, y], [p, q, r]));
        } else {
            own[coordinate - 5] = 1.0;
        }
        let derivative = renderer.jvp(&tangent).unwrap();
        columns.push(derivative.data().iter().map(|v| f64::from(*v)).collect());
    }
    columns
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One column of Gaussian `index`'s block.
fn block_column(
    blocks: &GaussNewton,
    count: usize,
    channels: usize,
    index: usize,
    coordinate: usize,
) -> Vec<f64> {
    let mut unit = Groups {
        position: vec![0.0; 2 * count],
        shape: vec![0.0; 3 * count],
        color: vec![0.0; channels * count],
    };
    match coordinate {
        0..2 => unit.position[2 * index + coordinate] = 1.0,
        2..5 => unit.shape[3 * index + coordinate - 2] = 1.0,
        _ => unit.color[channels * index + coordinate - 5] = 1.0,
    }
    blocks.multiply(&mut unit);
    let rows = unit.position[2 * index..2 * index + 2]
        .iter()
        .chain(&unit.shape[3 * index..3 * index + 3])
        .chain(&unit.color[channels * index..channels * (index + 1)]);
    rows.map(|v| f64::from(*v)).collect()
}

#[test]
fn the_block_in_closed_form_is_that_of_the_drawn_pixels() {
    let size = Size::new(48, 48);
    let curvature = 0.37;
    let shapes = [[1.5, 1.5], [1.5, 4.0], [6.0, 2.0], [3.0, 3.3]];
    let colors: [&[f32]; 4] = [&[0.9], &[-0.7], &[0.2, -0.8, 0.5], &[0.4, 0.5, -0.3, 0.9]];
    for (sigmas, angle) in shapes.into_iter().zip([0.0, 0.4, 1.2, 2.5]) {
        for color in colors {
            let channels = color.len();
            let factor = turned(angle, sigmas);
            let mut gaussians = Gaussians::empty(channels);
            gaussians.push([24.3, 23.8], factor, color);
            let mut oracle = Oracle;
            let mut renderer = Renderer::new(&mut oracle, Blend::Additive, size);
            renderer.set(&gaussians);
            let columns = jacobian(&mut renderer, &gaussians, 0);
            let mut blocks = GaussNewton::default();
            blocks.set(&gaussians, curvature);
            for (i, along) in columns.iter().enumerate() {
                let given = block_column(&blocks, 1, channels, 0, i);
                for (j, across) in columns.iter().enumerate() {
                    let expected = f64::from(curvature) * dot(along, across);
                    let scale =
                        f64::from(curvature) * (dot(along, along) * dot(across, across)).sqrt();
                    // The integral stands for the sum over pixels, and a little is added to the
                    // square of the colour.
                    assert!(
                        (given[j] - expected).abs() < 0.01 * scale,
                        "sigmas {sigmas:?}, {color:?}, entry {i}, {j}: {} for {expected}",
                        given[j]
                    );
                }
            }
        }
    }
}

/// `q` of one Gaussian at one pixel.
fn distance(gaussians: &Gaussians, index: usize, pixel: usize) -> f32 {
    let [a, b, c] = Splats::new(gaussians).conic[index];
    let (x, y) = ((pixel % CROWD.width) as f32, (pixel / CROWD.width) as f32);
    let [mean_x, mean_y] = gaussians.mean_px[index];
    let (dx, dy) = (x + 0.5 - mean_x, y + 0.5 - mean_y);
    a * dx * dx + 2.0 * b * dx * dy + c * dy * dy
}

#[test]
fn among_averaged_neighbours_masses_contrasts_and_energies_are_the_sums_over_pixels() {
    for channels in [1, 3, 4] {
        let gaussians = crowd(channels);
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, Blend::NORMALIZED, CROWD);
        renderer.set(&gaussians);
        let picture = renderer.render().unwrap();
        let weights = renderer.squared_weights().unwrap().unwrap();
        let mut blocks = GaussNewton::default();
        blocks.set_normalized(channels, &weights, 2.0);
        for index in 0..gaussians.len() {
            let columns = jacobian(&mut renderer, &gaussians, index);
            // Along its first colour a Gaussian changes the picture by its own weight. The square
            // of a Gaussian is drawn as a Gaussian, whose support ends at half the `q`.
            let squares: Vec<f64> = (0..CROWD.pixels())
                .map(|pixel| {
                    let far = distance(&gaussians, index, pixel) > 0.5 * SUPPORT_Q;
                    if far { 0.0 } else { columns[5][pixel].powi(2) }
                })
                .collect();
            let mass: f64 = squares.iter().sum();
            let (mut contrast, mut energy) = (vec![0.0; channels], 0.0);
            for (channel, contrast) in contrast.iter_mut().enumerate() {
                let color = f64::from(gaussians.color_of(index)[channel]);
                for (square, value) in squares.iter().zip(picture.plane(channel)) {
                    let difference = color - f64::from(*value);
                    *contrast += square * difference / mass;
                    energy += square * difference * difference / mass;
                }
            }
            let near = |given: f32, expected: f64, scale: f64, what: &str| {
                let error = (f64::from(given) - expected).abs();
                assert!(error < 1e-4 * scale, "{what} of {index}: {given} for {expected}");
            };
            near(weights.mass[index], mass, mass, "mass");
            near(weights.energy[index], energy, energy.max(0.01), "energy");
            for (channel, expected) in contrast.iter().enumerate() {
                let given = weights.contrast[index * channels + channel];
                near(given, *expected, energy.sqrt().max(0.1), "contrast");
            }
            // The block of the colours is the mass times the curvature, and nothing else; the
            // squares that were cut off are a few hundredths.
            for i in 0..channels {
                let column = block_column(&blocks, gaussians.len(), channels, index, 5 + i);
                for j in 0..channels {
                    let expected = 2.0 * dot(&columns[5 + i], &columns[5 + j]);
                    let error = (column[5 + j] - expected).abs();
                    assert!(error < 0.12 * mass, "{index}: {} for {expected}", column[5 + j]);
                }
            }
        }
    }
}

#[test]
fn the_additive_blend_needs_no_sums_over_pixels() {
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, Blend::Additive, CROWD);
    renderer.set(&crowd(3));
    assert_eq!(renderer.squared_weights().unwrap(), None);
    assert_eq!(renderer.take_sweeps(), 0);
}

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

/// One change of rows.
#[derive(Clone, Debug)]
enum Change {
    Renew(usize),
    Append(usize),
    Retain(Vec<bool>),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (0..20_usize).prop_map(Change::Renew),
        (0..4_usize).prop_map(Change::Append),
        prop::collection::vec(any::<bool>(), 20).prop_map(Change::Retain),
    ];
    prop::collection::vec(change, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_follow_their_gaussians(count in 1..12_usize, width in 1..4_usize, changes in changes()) {
        let mut rows = RowMap::identity(count);
        let mut values: Vec<f32> = (0..count * width).map(|v| v as f32 + 1.0).collect();
        let mut naive: Vec<Vec<f32>> = values.chunks(width).map(<[f32]>::to_vec).collect();
        for change in changes {
            match change {
                Change::Renew(row) if row < naive.len() => {
                    rows.renew(row);
                    naive[row] = vec![0.0; width];
                }
                Change::Renew(_) => {}
                Change::Append(more) => {
                    rows.append(more);
                    naive.extend(vec![vec![0.0; width]; more]);
                }
                Change::Retain(keep) => {
                    // As many as there are; appended rows beyond the list stay.
                    rows.retain(&keep);
                    let mut row = 0;
                    naive.retain(|_| {
                        row += 1;
                        keep.get(row - 1).copied().unwrap_or(true)
                    });
                }
            }
        }
        prop_assert_eq!((rows.before(), rows.after()), (count, naive.len()));
        rows.apply(&mut values);
        prop_assert_eq!(values, naive.concat());
    }
}

#[test]
fn a_line_search_takes_what_helps_shortens_what_does_not_and_gives_up_in_the_end() {
    let mut search = Backtracking::new(2.0);
    assert_eq!(search.judge(1.5, -1.0), Trial::Accept);
    // A fall of far less than the slope promises is no success, but for noise.
    let mut search = Backtracking::new(2.0);
    assert_eq!(search.judge(1.999, -100.0), Trial::Shorten(0.35));
    assert_eq!(search.judge(1.99, -35.0), Trial::Accept);
    let mut search = Backtracking::new(2.0);
    assert_eq!(search.judge(2.0 + 2e-5, -1e-9), Trial::Accept, "noise");
    let mut search = Backtracking::new(2.0);
    let mut shares = Vec::new();
    for loss in [3.0, f64::NAN, f64::INFINITY, 2.1, 2.1] {
        match search.judge(loss, -1.0) {
            Trial::Shorten(share) => shares.push(share),
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<f64> = (1..=5).map(|k| 0.35_f64.powi(k)).collect();
    assert!(shares.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{shares:?}");
    assert_eq!(search.judge(2.1, -1.0), Trial::GiveUp);
    assert_eq!(search.loss(), 2.0);
}

#[test]
fn no_gaussian_leaves_its_trust_region_and_colours_are_free() {
    let region = TrustRegion::default();
    let mut step = Groups {
        position: vec![3.0, -4.0, 0.3, 0.4, 0.0, 0.0],
        shape: vec![1.0, -2.0, 0.5, 0.1, 0.1, -0.1, 0.0, 0.0, 0.0],
        color: vec![100.0, -7.0, 1e-3],
    };
    let before = step.clone();
    region.clip(&mut step);
    assert!((step.position[0].hypot(step.position[1]) - region.position).abs() < 1e-6);
    assert!((step.position[0] / step.position[1] + 0.75).abs() < 1e-6, "the direction stays");
    assert_eq!(step.position[2..], before.position[2..]);
    let [p, q, r] = [step.shape[0], step.shape[1], step.shape[2]];
    assert!(((p * p + 2.0 * q * q + r * r).sqrt() - region.shape).abs() < 1e-6);
    assert!((q / p + 2.0).abs() < 1e-6 && (r / p - 0.5).abs() < 1e-6);
    assert_eq!(step.shape[3..], before.shape[3..]);
    assert_eq!(step.color, before.color);
    let clipped = step.clone();
    region.clip(&mut step);
    for ((_, a), (_, b)) in step.iter().zip(clipped.iter()) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

const SMALL: Size = Size::new(24, 20);

/// Six blobs on gray, which six Gaussians cannot quite draw.
fn small_picture(channels: usize) -> Arc<Image> {
    let mut image = Image::zeros(SMALL, channels);
    for channel in 0..channels {
        for y in 0..SMALL.height {
            for x in 0..SMALL.width {
                let (u, v) = (x as f32 * 0.42, y as f32 * 0.37 + channel as f32);
                image.plane_mut(channel)[y * SMALL.width + x] =
                    0.45 + 0.3 * u.sin() * v.cos() + 0.01 * x as f32;
            }
        }
    }
    Arc::new(image)
}

fn small_options(rule: &str, iterations: u64) -> FitOptions {
    let mut options = FitOptions {
        gaussians: 6,
        stop: StopRules { iterations, ..Default::default() },
        ..Default::default()
    };
    options.optimizer.rule = rule.into();
    options
}

fn fit(options: FitOptions, channels: usize) -> (f64, f64) {
    let mut oracle = Oracle;
    let mut fitter = Fitter::new(&mut oracle, small_picture(channels), options).unwrap();
    let first = fitter.step().unwrap().loss;
    while fitter.step().unwrap().stop.is_none() {}
    (first, fitter.best().loss)
}

#[test]
fn every_update_rule_lowers_the_loss_with_every_blend_and_channel_count() {
    for rule in lgi::optim::registry::rules() {
        for blend in [Blend::Additive, Blend::NORMALIZED] {
            for channels in [1, 3, 4] {
                let options = FitOptions { blend, gaussians: 12, ..small_options(rule.name, 40) };
                let (first, last) = fit(options, channels);
                assert!(
                    last < 0.9 * first,
                    "{}, {blend:?}, {channels} channels: {first} to {last}",
                    rule.name
                );
            }
        }
    }
}

/// The same small fit for another implementation of L-BFGS, in float64: per Gaussian the centre,
/// the Cholesky factor and the colour.
#[derive(Clone)]
struct SmallFit {
    target: Vec<f64>,
}

impl SmallFit {
    fn gaussians(parameters: &[f64]) -> Gaussians {
        let mut gaussians = Gaussians::empty(1);
        for row in parameters.chunks_exact(6) {
            let [x, y, a, b, c, color] = [0, 1, 2, 3, 4, 5].map(|i| row[i] as f32);
            gaussians.push([x, y], [a, 0.0, b, c], &[color]);
        }
        gaussians
    }

    /// Drawn minus wanted.
    fn residual(&self, parameters: &[f64]) -> (Splats, Vec<f64>) {
        let splats = Splats::new(&Self::gaussians(parameters));
        let drawn = Oracle.render_f64(&splats, SMALL);
        let residual = drawn.iter().zip(&self.target).map(|(drawn, target)| drawn - target);
        (splats, residual.collect())
    }
}

impl CostFunction for SmallFit {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Self::Param) -> Result<f64, ArgminError> {
        let (_, residual) = self.residual(parameters);
        Ok(dot(&residual, &residual) / residual.len() as f64)
    }
}

impl Gradient for SmallFit {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Self::Param) -> Result<Vec<f64>, ArgminError> {
        let (splats, residual) = self.residual(parameters);
        let factor = 2.0 / residual.len() as f64;
        let slope: Vec<f64> = residual.iter().map(|v| factor * v).collect();
        let moments = Oracle.vjp_f64(&splats, &slope, SMALL);
        let mut gradient = Vec::new();
        for (row, moments) in parameters.chunks_exact(6).zip(moments.chunks_exact(6)) {
            let geometry = [1, 2, 3, 4, 5].map(|i| moments[i] as f32);
            let shape = [row[2] as f32, 0.0, row[3] as f32, row[4] as f32];
            let (position, shape) = Cholesky.pull_back(shape, geometry);
            gradient.extend(position.iter().chain(&shape).map(|v| f64::from(*v)));
            gradient.push(moments[0]);
        }
        Ok(gradient)
    }
}

#[test]
fn a_small_fit_ends_no_worse_than_with_another_lbfgs() {
    let target = small_picture(1);
    let mut oracle = Oracle;
    let mut fitter =
        Fitter::new(&mut oracle, Arc::clone(&target), small_options("lbfgs", 300)).unwrap();
    let start = fitter.gaussians().clone();
    while fitter.step().unwrap().stop.is_none() {}
    let ours = fitter.best().loss;

    let mut parameters = Vec::new();
    for index in 0..start.len() {
        parameters.extend(start.mean_px[index].map(f64::from));
        let [a, _, b, c] = Cholesky.conform(start.factor_px[index]).map(f64::from);
        parameters.extend([a, b, c, f64::from(start.color_of(index)[0])]);
    }
    let problem = SmallFit { target: target.data().iter().map(|v| f64::from(*v)).collect() };
    let first = problem.cost(&parameters).unwrap();
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), 8);
    let result = Executor::new(problem, solver)
        .configure(|state| state.param(parameters).max_iters(300))
        .run()
        .unwrap();
    let theirs = result.state().get_best_cost();
    assert!(theirs < 0.5 * first, "{first} to {theirs}");
    assert!(ours <= 1.01 * theirs + 1e-7, "{first} to {ours}; theirs {theirs}");
}
