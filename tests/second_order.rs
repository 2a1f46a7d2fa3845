//! What second-order fits are made of: rows that follow, the line search, the trust region, and
//! whole fits.

use std::sync::Arc;

use argmin::core::{CostFunction, Error as ArgminError, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::covariance::{Cholesky, Covariance};
use lgi::fit::{FitOptions, Fitter, StopRules};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::optim::{Backtracking, Groups, RowMap, Trial, TrustRegion};
use proptest::prelude::*;

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
        // Plain descent is slow: steps are short enough for Gaussians that lie on one another.
        let share = if rule.needs.sums { 0.97 } else { 0.9 };
        for blend in [Blend::Additive, Blend::NORMALIZED] {
            for channels in [1, 3, 4] {
                let options = FitOptions { blend, gaussians: 12, ..small_options(rule.name, 40) };
                let (first, last) = fit(options, channels);
                assert!(
                    last < share * first,
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
        Ok(residual.iter().map(|v| v * v).sum::<f64>() / residual.len() as f64)
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
