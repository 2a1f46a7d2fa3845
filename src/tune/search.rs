//! Where to measure next: expected improvement over a Gaussian process.
//!
//! Jones, Schonlau and Welch 1998 (EGO): the first points fill the space, then each is where the
//! improvement over the best one so far is expected to be largest. Own code: `egobox-ego` 0.42
//! would bring 80 more crates for what is 300 lines at the size of tens of measurements.

use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use super::gaussian_process::{Belief, GaussianProcess};

/// Points that are looked at, over all the space and around the best one.
const ANYWHERE: usize = 1500;
const NEAR: usize = 500;

/// Steps of the refinement of the best of them.
const STEPS: usize = 120;

/// A value that was measured at a point of the unit cube; larger is better.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// `[0, 1]` in every dimension.
    pub point: Vec<f64>,
    /// What came out; not finite if nothing did.
    pub value: f64,
}

/// The next point of a search over `dimensions`. It depends on nothing but the arguments, so that
/// a search that was stopped goes on as if it had not been.
pub fn propose(history: &[Measurement], dimensions: usize, seed: u64) -> Vec<f64> {
    let index = history.len();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(index as u64),
    );
    if index < first(dimensions) {
        return filling(index, dimensions, seed);
    }
    let points: Vec<Vec<f64>> = history.iter().map(|m| m.point.clone()).collect();
    let values = standardized(history);
    match GaussianProcess::fitted(&points, &values, &mut random) {
        Some(process) => improve(&process, &points, &values, &mut random),
        None => (0..dimensions).map(|_| random.random()).collect(),
    }
}

/// Points that fill the space before anything is believed.
fn first(dimensions: usize) -> usize {
    2 * dimensions + 3
}

/// The sequence of Halton (1960), shifted by the seed (Cranley and Patterson 1976).
fn filling(index: usize, dimensions: usize, seed: u64) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut primes = (2u64..).filter(|n| (2..*n).all(|d| n % d != 0));
    (0..dimensions)
        .map(|_| {
            let base = primes.next().unwrap_or(2);
            let shift: f64 = random.random();
            (radical_inverse(index as u64 + 1, base) + shift).fract()
        })
        .collect()
}

fn radical_inverse(mut index: u64, base: u64) -> f64 {
    let (mut value, mut digit) = (0.0, 1.0);
    while index > 0 {
        digit /= base as f64;
        value += digit * (index % base) as f64;
        index /= base;
    }
    value
}

/// Values with mean 0 and variance 1. What failed counts as the worst, and what is far below the
/// others is drawn up to them: it would hide the differences between those that are good.
fn standardized(history: &[Measurement]) -> Vec<f64> {
    let mut finite: Vec<f64> =
        history.iter().map(|m| m.value).filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let quartile = |share: f64| {
        let place = (share * finite.len().saturating_sub(1) as f64).round() as usize;
        finite.get(place).copied().unwrap_or_default()
    };
    let floor = quartile(0.5) - 2.0 * (quartile(0.75) - quartile(0.25)).max(1e-9);
    let value = |m: &Measurement| if m.value.is_finite() { m.value.max(floor) } else { floor };
    let values: Vec<f64> = history.iter().map(value).collect();
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt().max(1e-12);
    values.iter().map(|value| (value - mean) / deviation).collect()
}

fn improve(
    process: &GaussianProcess,
    points: &[Vec<f64>],
    values: &[f64],
    random: &mut Xoshiro256PlusPlus,
) -> Vec<f64> {
    // What the process believes of the best point, not what noise made of it.
    let believed = points.iter().map(|point| process.at(point).mean);
    let best = believed.fold(f64::NEG_INFINITY, f64::max);
    let order = (0..points.len()).max_by(|a, b| values[*a].total_cmp(&values[*b]));
    let incumbent = order.map(|index| points[index].clone()).unwrap_or_default();
    let gain = |point: &[f64]| expected_improvement(process.at(point), best);
    let mut chosen = incumbent.clone();
    let mut most = gain(&chosen);
    let consider = |point: Vec<f64>, most: &mut f64, chosen: &mut Vec<f64>| {
        let value = gain(&point);
        if value > *most {
            (*most, *chosen) = (value, point);
        }
    };
    for _ in 0..ANYWHERE {
        let point = incumbent.iter().map(|_| random.random()).collect();
        consider(point, &mut most, &mut chosen);
    }
    for place in 0..NEAR {
        let reach = 0.3 * 0.5f64.powf(5.0 * place as f64 / NEAR as f64);
        consider(beside(&incumbent, reach, random), &mut most, &mut chosen);
    }
    for step in 0..STEPS {
        let reach = 0.1 * 0.5f64.powf(6.0 * step as f64 / STEPS as f64);
        let point = beside(&chosen, reach, random);
        consider(point, &mut most, &mut chosen);
    }
    chosen
}

fn beside(point: &[f64], reach: f64, random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let mut near = |value: &f64| {
        let by = reach * (2.0 * random.random::<f64>() - 1.0);
        (value + by).clamp(0.0, 1.0)
    };
    point.iter().map(&mut near).collect()
}

/// The mean of `max(value - best, 0)` (Jones et al. 1998, equation 15).
fn expected_improvement(Belief { mean, deviation }: Belief, best: f64) -> f64 {
    if deviation <= 0.0 {
        return (mean - best).max(0.0);
    }
    let z = (mean - best) / deviation;
    (mean - best) * normal_share(z) + deviation * normal_density(z)
}

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// The share of a normal distribution below `z`, by the error function's approximation 7.1.26 of
/// Abramowitz and Stegun 1964, within 1.5e-7.
fn normal_share(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592]
        .into_iter()
        .fold(0.0, |sum, coefficient| sum * t + coefficient);
    let upper = 0.5 * polynomial * t * (-x * x).exp();
    if z < 0.0 { upper } else { 1.0 - upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best value after so many measurements of a function of the unit square.
    fn search(function: impl Fn(f64, f64) -> f64, count: usize, seed: u64) -> f64 {
        let mut history: Vec<Measurement> = Vec::new();
        for _ in 0..count {
            let point = propose(&history, 2, seed);
            let value = function(point[0], point[1]);
            history.push(Measurement { point, value });
        }
        history.iter().map(|m| m.value).fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn the_minimum_of_a_known_function_is_found() {
        // Branin: three minima of 0.397887 (Dixon and Szego 1978).
        let branin = |u: f64, v: f64| {
            let (x, y) = (15.0 * u - 5.0, 15.0 * v);
            let pi = std::f64::consts::PI;
            let a = y - 5.1 * x * x / (4.0 * pi * pi) + 5.0 * x / pi - 6.0;
            -(a * a + 10.0 * (1.0 - 1.0 / (8.0 * pi)) * x.cos() + 10.0)
        };
        for seed in 0..3 {
            let found = search(branin, 32, seed);
            assert!(found > -0.45, "seed {seed}: {found}");
        }
    }

    #[test]
    fn fits_that_fail_are_kept_away_from() {
        let function = |u: f64, v: f64| {
            if u > 0.6 { f64::NEG_INFINITY } else { -(u - 0.5).powi(2) - (v - 0.3).powi(2) }
        };
        assert!(search(function, 28, 5) > -2e-3);
    }

    #[test]
    fn expected_improvement_is_the_integral() {
        for (mean, deviation, best) in [(0.3, 0.5, 0.6), (-1.0, 0.7, 0.2), (1.0, 0.2, 0.1)] {
            let steps = 200_000;
            let integral: f64 = (0..steps)
                .map(|step| {
                    let z = -8.0 + 16.0 * (f64::from(step) + 0.5) / f64::from(steps);
                    let value = mean + deviation * z;
                    (value - best).max(0.0) * normal_density(z) * 16.0 / f64::from(steps)
                })
                .sum();
            let formula = expected_improvement(Belief { mean, deviation }, best);
            assert!((formula - integral).abs() < 1e-6, "{formula}, not {integral}");
        }
    }

    #[test]
    fn the_first_points_fill_the_space_whatever_the_seed() {
        for seed in 0..4 {
            let points: Vec<_> = (0..8).map(|index| filling(index, 2, seed)).collect();
            for corner in [[false, false], [false, true], [true, false], [true, true]] {
                let inside = |point: &Vec<f64>| {
                    point.iter().zip(corner).all(|(value, high)| (*value >= 0.5) == high)
                };
                assert!(points.iter().any(inside), "seed {seed}: {corner:?} is empty");
            }
        }
    }
}
