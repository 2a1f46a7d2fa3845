//! A Gaussian process: what a function may be between the places where it was measured.
//!
//! Rasmussen and Williams 2006, algorithm 2.1, with a Matern 5/2 kernel that has a length for every
//! dimension, on values of mean 0 and variance 1. Lengths and noise are those of the highest
//! marginal likelihood, under a log-normal prior on the lengths, among candidates that a seeded
//! search tries: some hundreds of factorisations of a matrix as large as there are measurements.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Candidates of lengths and noise, and rounds of refinement around the best.
const CANDIDATES: usize = 120;
const ROUNDS: usize = 80;

/// Lengths that are tried, in units of the range.
const LENGTHS: [f64; 2] = [0.05, 4.0];

/// Variances of the noise that are tried, relative to that of the values.
const NOISES: [f64; 2] = [1e-5, 0.3];

/// Centre and width of the prior on a length's logarithm.
const PRIOR: [f64; 2] = [-0.7, 1.0];

/// A Gaussian process with its measurements.
#[derive(Clone, Debug)]
pub struct GaussianProcess {
    points: Vec<Vec<f64>>,
    kernel: Kernel,
    /// Lower triangle of the factor of the covariances, row by row.
    factor: Vec<Vec<f64>>,
    /// The inverse covariances times the values.
    weights: Vec<f64>,
    likelihood: f64,
}

#[derive(Clone, Debug)]
struct Kernel {
    lengths: Vec<f64>,
    noise: f64,
}

/// Mean and standard deviation of a function's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, of the function itself, without noise.
    pub deviation: f64,
}

impl Kernel {
    fn at(&self, a: &[f64], b: &[f64]) -> f64 {
        let squares = a.iter().zip(b).zip(&self.lengths).map(|((a, b), l)| ((a - b) / l).powi(2));
        let r = (5.0 * squares.sum::<f64>()).sqrt();
        (1.0 + r + r * r / 3.0) * (-r).exp()
    }

    fn log_prior(&self) -> f64 {
        let [center, width] = PRIOR;
        self.lengths.iter().map(|length| -0.5 * ((length.ln() - center) / width).powi(2)).sum()
    }
}

impl GaussianProcess {
    /// A process through `values` at `points`, lengths and noise given.
    ///
    /// `None` if the covariances cannot be factorised.
    pub fn new(points: &[Vec<f64>], values: &[f64], lengths: &[f64], noise: f64) -> Option<Self> {
        let kernel = Kernel { lengths: lengths.to_vec(), noise };
        Self::with(points, values, kernel)
    }

    fn with(points: &[Vec<f64>], values: &[f64], kernel: Kernel) -> Option<Self> {
        let covariances = points.iter().enumerate().map(|(i, a)| {
            let row = points[..=i].iter().enumerate();
            row.map(|(j, b)| kernel.at(a, b) + if i == j { kernel.noise } else { 0.0 }).collect()
        });
        let factor = cholesky(covariances.collect())?;
        let half = forward(&factor, values);
        let weights = backward(&factor, &half);
        let fit: f64 = half.iter().map(|value| value * value).sum();
        let logarithms: f64 = factor.iter().filter_map(|row| row.last()).map(|d| d.ln()).sum();
        let likelihood = -0.5 * fit - logarithms + kernel.log_prior();
        Some(Self { points: points.to_vec(), kernel, factor, weights, likelihood })
    }

    /// A process through `values` at `points`, `[0, 1]` in every dimension, with the lengths and
    /// the noise that suit them best.
    pub fn fitted(
        points: &[Vec<f64>],
        values: &[f64],
        random: &mut Xoshiro256PlusPlus,
    ) -> Option<Self> {
        let dimensions = points.first()?.len();
        let between = |[low, high]: [f64; 2], share: f64| {
            (low.ln() + share.clamp(0.0, 1.0) * (high / low).ln()).exp()
        };
        let kernel = |shares: &[f64]| Kernel {
            lengths: shares[..dimensions].iter().map(|share| between(LENGTHS, *share)).collect(),
            noise: between(NOISES, shares[dimensions]),
        };
        let mut best: Option<(Vec<f64>, Self)> = None;
        let consider = |best: &mut Option<(Vec<f64>, Self)>, shares: Vec<f64>| {
            let Some(process) = Self::with(points, values, kernel(&shares)) else { return };
            if best.as_ref().is_none_or(|(_, best)| process.likelihood > best.likelihood) {
                *best = Some((shares, process));
            }
        };
        for _ in 0..CANDIDATES {
            let shares = (0..=dimensions).map(|_| random.random::<f64>()).collect();
            consider(&mut best, shares);
        }
        for round in 0..ROUNDS {
            let Some((shares, _)) = &best else { break };
            let reach = 0.3 * (1.0 - round as f64 / ROUNDS as f64) + 0.01;
            let near = |share: &f64| share + reach * (2.0 * random.random::<f64>() - 1.0);
            let shares = shares.iter().map(near).collect();
            consider(&mut best, shares);
        }
        best.map(|(_, process)| process)
    }

    /// What is believed of the value at a point.
    pub fn at(&self, point: &[f64]) -> Belief {
        let covariances: Vec<f64> =
            self.points.iter().map(|other| self.kernel.at(point, other)).collect();
        let mean = covariances.iter().zip(&self.weights).map(|(k, w)| k * w).sum();
        let half = forward(&self.factor, &covariances);
        let variance = 1.0 - half.iter().map(|value| value * value).sum::<f64>();
        Belief { mean, deviation: variance.max(0.0).sqrt() }
    }
}

/// The lower factor of a symmetric matrix given by its lower triangle; `None` if it is not
/// positive definite.
fn cholesky(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    for i in 0..matrix.len() {
        for j in 0..=i {
            let (above, below) = matrix.split_at(i);
            let other = if j == i { &below[0] } else { &above[j] };
            let product: f64 = below[0][..j].iter().zip(&other[..j]).map(|(a, b)| a * b).sum();
            let rest = below[0][j] - product;
            let value =
                if i == j { (rest > 0.0).then(|| rest.sqrt())? } else { rest / above[j][j] };
            matrix[i][j] = value;
        }
    }
    Some(matrix)
}

/// Solves `L x = b`.
fn forward(factor: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut solved: Vec<f64> = Vec::with_capacity(values.len());
    for (row, value) in factor.iter().zip(values) {
        let known: f64 = row.iter().zip(&solved).map(|(l, x)| l * x).sum();
        solved.push((value - known) / row[solved.len()]);
    }
    solved
}

/// Solves `L^T x = b`.
fn backward(factor: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut solved = values.to_vec();
    for i in (0..solved.len()).rev() {
        solved[i] /= factor[i][i];
        for j in 0..i {
            solved[j] -= factor[i][j] * solved[i];
        }
    }
    solved
}

#[cfg(test)]
mod tests {
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn two_measurements_give_the_textbook_posterior() {
        let (points, values) = (vec![vec![0.2], vec![0.7]], [1.0, -0.5]);
        let (length, noise) = (0.4, 0.01);
        let process = GaussianProcess::new(&points, &values, &[length], noise).unwrap();
        let kernel = |a: f64, b: f64| {
            let r = 5f64.sqrt() * (a - b).abs() / length;
            (1.0 + r + r * r / 3.0) * (-r).exp()
        };
        // The inverse of a 2x2 matrix, by hand.
        let (own, cross) = (1.0 + noise, kernel(0.2, 0.7));
        let determinant = own * own - cross * cross;
        for x in [0.0, 0.2, 0.45, 1.0] {
            let (a, b) = (kernel(x, 0.2), kernel(x, 0.7));
            let solve = |u: f64, v: f64| {
                [(own * u - cross * v) / determinant, (own * v - cross * u) / determinant]
            };
            let [p, q] = solve(values[0], values[1]);
            let [s, t] = solve(a, b);
            let belief = process.at(&[x]);
            assert!((belief.mean - (a * p + b * q)).abs() < 1e-12, "{x}");
            let variance: f64 = 1.0 - (a * s + b * t);
            assert!((belief.deviation - variance.sqrt()).abs() < 1e-9, "{x}");
        }
    }

    #[test]
    fn a_smooth_function_is_foretold_between_its_measurements() {
        let function = |x: f64| (6.0 * x).sin();
        let points: Vec<Vec<f64>> = (0..9).map(|i| vec![f64::from(i) / 8.0]).collect();
        let values: Vec<f64> = points.iter().map(|point| function(point[0])).collect();
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let process = GaussianProcess::fitted(&points, &values, &mut random).unwrap();
        for i in 0..8 {
            let x = (f64::from(i) + 0.5) / 8.0;
            let belief = process.at(&[x]);
            assert!((belief.mean - function(x)).abs() < 0.03, "{x}: {belief:?}");
        }
        assert!(process.at(&[0.0]).deviation < 0.1);
    }

    #[test]
    fn measurements_that_contradict_each_other_are_no_end() {
        let points = vec![vec![0.5]; 6];
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let values = [1.0, -1.0, 0.5, -0.5, 0.2, -0.2];
        let process = GaussianProcess::fitted(&points, &values, &mut random).unwrap();
        assert!(process.at(&[0.5]).mean.abs() < 0.2);
    }
}
