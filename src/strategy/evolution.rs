//! The covariance matrix adaptation evolution strategy by itself: numbers and losses.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::normal;

/// Trials in a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population(usize);

impl Population {
    /// As many as suit so many dimensions: `4 + 3 ln n` (Hansen 2016).
    pub fn usual(dimensions: usize) -> Self {
        Self(4 + (3.0 * (dimensions.max(1) as f64).ln()) as usize)
    }

    /// So many, and two at least.
    pub fn of(count: usize) -> Self {
        Self(count.max(2))
    }
}

/// A search for the minimum of a function of `n` numbers, from zero, by CMA-ES (Hansen and
/// Ostermeier 2001; weights and rates of Hansen 2016, "The CMA evolution strategy: a tutorial").
///
/// The square root of the covariance is a Cholesky factor, which serves for the step-size path
/// too (Krause, Arbones and Igel 2016): no eigenvectors are needed. The crate `cmaes` (0.2.2)
/// calls the function itself and can neither save its state nor its random numbers; here both are
/// part of every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Evolution {
    population: usize,
    sigma: f64,
    mean: Vec<f64>,
    /// Lower triangle, row by row.
    covariance: Vec<f64>,
    /// That of the covariance, likewise; not stored, for it follows from it to the bit.
    #[serde(skip)]
    factor: Vec<f64>,
    sigma_path: Vec<f64>,
    covariance_path: Vec<f64>,
    generation: u64,
    /// Trials of this generation with their losses.
    told: Vec<(f64, Vec<f64>)>,
}

/// What of a search is stored.
#[derive(Deserialize)]
struct Stored {
    population: usize,
    sigma: f64,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    sigma_path: Vec<f64>,
    covariance_path: Vec<f64>,
    generation: u64,
    told: Vec<(f64, Vec<f64>)>,
}

impl TryFrom<Stored> for Evolution {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let Stored { population, sigma, mean, covariance, .. } = stored;
        let (n, factor) = (mean.len(), covariance.clone());
        let Stored { sigma_path, covariance_path, generation, told, .. } = stored;
        let lengths = [sigma_path.len(), covariance_path.len()];
        let steps = told.iter().map(|(_, trial)| trial.len());
        if covariance.len() != at(n, 0) || lengths.into_iter().chain(steps).any(|len| len != n) {
            return Err(format!("arrays do not belong to {n} dimensions"));
        }
        let mut evolution = Self {
            population,
            sigma,
            mean,
            covariance,
            factor,
            sigma_path,
            covariance_path,
            generation,
            told,
        };
        evolution.factorize();
        Ok(evolution)
    }
}

/// Place of an entry in a lower triangle.
fn at(row: usize, column: usize) -> usize {
    row * (row + 1) / 2 + column
}

impl Evolution {
    /// A search from zero with steps of length `sigma` in each of `dimensions`.
    pub fn new(dimensions: usize, sigma: f64, population: Population) -> Self {
        let mut unit = vec![0.0; at(dimensions, 0)];
        (0..dimensions).for_each(|row| unit[at(row, row)] = 1.0);
        Self {
            population: population.0,
            sigma,
            mean: vec![0.0; dimensions],
            covariance: unit.clone(),
            factor: unit,
            sigma_path: vec![0.0; dimensions],
            covariance_path: vec![0.0; dimensions],
            generation: 0,
            told: Vec::new(),
        }
    }

    /// Where the search stands.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Length of its steps.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Whether no trial of the present generation was told yet.
    pub fn is_new_generation(&self) -> bool {
        self.told.is_empty()
    }

    /// A trial.
    pub fn ask(&self, random: &mut impl Rng) -> Vec<f64> {
        let n = self.mean.len();
        let z: Vec<f64> = (0..n).map(|_| normal::draw(random)).collect();
        let along = |row: usize| {
            let terms = self.factor[at(row, 0)..=at(row, row)].iter().zip(&z);
            self.mean[row] + self.sigma * terms.map(|(factor, z)| factor * z).sum::<f64>()
        };
        (0..n).map(along).collect()
    }

    /// What a trial came to; after as many as the population has, the search moves on. A loss
    /// that is no number is the worst.
    pub fn tell(&mut self, trial: Vec<f64>, loss: f64) {
        let loss = if loss.is_nan() { f64::INFINITY } else { loss };
        self.told.push((loss, trial));
        if self.told.len() >= self.population {
            let mut told = std::mem::take(&mut self.told);
            // Stable: ties stay in the order in which they were told.
            told.sort_by(|a, b| a.0.total_cmp(&b.0));
            self.advance(&told);
        }
    }

    fn advance(&mut self, told: &[(f64, Vec<f64>)]) {
        let n = self.mean.len();
        if n == 0 {
            return;
        }
        let dimensions = n as f64;
        let parents = told.len() / 2;
        let weight =
            |rank: usize| (0.5 * (told.len() as f64 + 1.0)).ln() - (rank as f64 + 1.0).ln();
        let total: f64 = (0..parents).map(weight).sum();
        let weights: Vec<f64> = (0..parents).map(|rank| weight(rank) / total).collect();
        let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();

        let sigma_rate = (effective + 2.0) / (dimensions + effective + 5.0);
        let excess = ((effective - 1.0) / (dimensions + 1.0)).sqrt() - 1.0;
        let damping = 1.0 + 2.0 * excess.max(0.0) + sigma_rate;
        let path_rate =
            (4.0 + effective / dimensions) / (dimensions + 4.0 + 2.0 * effective / dimensions);
        let rank_one = 2.0 / ((dimensions + 1.3).powi(2) + effective);
        let rank_many = (2.0 * (effective - 2.0 + 1.0 / effective)
            / ((dimensions + 2.0).powi(2) + effective))
            .min(1.0 - rank_one);

        let steps: Vec<Vec<f64>> = told[..parents]
            .iter()
            .map(|(_, trial)| {
                let step = trial.iter().zip(&self.mean).map(|(x, mean)| (x - mean) / self.sigma);
                step.collect()
            })
            .collect();
        let mut step = vec![0.0; n];
        for (own, weight) in steps.iter().zip(&weights) {
            step.iter_mut().zip(own).for_each(|(sum, value)| *sum += weight * value);
        }
        for (mean, step) in self.mean.iter_mut().zip(&step) {
            *mean += self.sigma * step;
        }

        let white = self.whiten(&step);
        let keep = (sigma_rate * (2.0 - sigma_rate) * effective).sqrt();
        for (path, value) in self.sigma_path.iter_mut().zip(&white) {
            *path = (1.0 - sigma_rate) * *path + keep * value;
        }
        self.generation += 1;
        let length = self.sigma_path.iter().map(|v| v * v).sum::<f64>().sqrt();
        let expected = dimensions.sqrt()
            * (1.0 - 1.0 / (4.0 * dimensions) + 1.0 / (21.0 * dimensions * dimensions));
        let decayed = 1.0 - (1.0 - sigma_rate).powf(2.0 * self.generation as f64);
        let stalls = length / decayed.sqrt() >= (1.4 + 2.0 / (dimensions + 1.0)) * expected;
        let goes = if stalls { 0.0 } else { 1.0 };
        let keep = goes * (path_rate * (2.0 - path_rate) * effective).sqrt();
        for (path, value) in self.covariance_path.iter_mut().zip(&step) {
            *path = (1.0 - path_rate) * *path + keep * value;
        }

        let lost = (1.0 - goes) * path_rate * (2.0 - path_rate);
        let old = 1.0 - rank_one - rank_many + rank_one * lost;
        for row in 0..n {
            for column in 0..=row {
                let one = self.covariance_path[row] * self.covariance_path[column];
                let terms = steps.iter().zip(&weights);
                let many: f64 = terms.map(|(step, w)| w * step[row] * step[column]).sum();
                let entry = &mut self.covariance[at(row, column)];
                *entry = old * *entry + rank_one * one + rank_many * many;
            }
        }
        self.sigma *= (sigma_rate / damping * (length / expected - 1.0)).min(1.0).exp();
        self.factorize();
    }

    /// The step as the normal numbers that it came from: the inverse factor times it.
    fn whiten(&self, step: &[f64]) -> Vec<f64> {
        let mut white: Vec<f64> = Vec::with_capacity(step.len());
        for (row, value) in step.iter().enumerate() {
            let factors = &self.factor[at(row, 0)..at(row, row)];
            let known: f64 = factors.iter().zip(&white).map(|(factor, w)| factor * w).sum();
            white.push((value - known) / self.factor[at(row, row)]);
        }
        white
    }

    /// The factor of the covariance; where rounding leaves none, the covariance begins anew.
    fn factorize(&mut self) {
        let n = self.mean.len();
        for row in 0..n {
            for column in 0..=row {
                let (left, right) = (at(row, 0), at(column, 0));
                let terms = (0..column).map(|k| self.factor[left + k] * self.factor[right + k]);
                let rest = self.covariance[at(row, column)] - terms.sum::<f64>();
                self.factor[at(row, column)] = if row == column {
                    rest.sqrt()
                } else {
                    rest / self.factor[at(column, column)]
                };
            }
            let pivot = self.factor[at(row, row)];
            if !(pivot.is_finite() && pivot > 1e-12) {
                let sigma = self.sigma.clamp(1e-12, 1e3);
                let mean = std::mem::take(&mut self.mean);
                *self = Self { mean, ..Self::new(n, sigma, Population(self.population)) };
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::SeedableRng;

    use super::*;

    /// The mean that `generations` lead to.
    fn minimum(of: impl Fn(&[f64]) -> f64, n: usize, trials: usize) -> Vec<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut evolution = Evolution::new(n, 0.5, Population::usual(n));
        for _ in 0..trials {
            let trial = evolution.ask(&mut random);
            let loss = of(&trial);
            evolution.tell(trial, loss);
        }
        evolution.mean().to_vec()
    }

    #[test]
    fn the_minimum_of_a_quadratic_of_condition_a_million_is_found() {
        let quadratic = |x: &[f64]| -> f64 {
            let terms = x.iter().enumerate();
            terms.map(|(i, x)| 10_f64.powi(i as i32 * 2) * (x - 0.1 * i as f64).powi(2)).sum()
        };
        for (i, x) in minimum(quadratic, 4, 3000).iter().enumerate() {
            assert!((x - 0.1 * i as f64).abs() < 1e-6, "{i}: {x}");
        }
    }

    #[test]
    fn the_minimum_of_rosenbrocks_valley_is_found() {
        let valley = |x: &[f64]| -> f64 {
            let pairs = x.windows(2);
            pairs.map(|p| 100.0 * (p[1] - p[0] * p[0]).powi(2) + (1.0 - p[0]).powi(2)).sum()
        };
        for x in minimum(valley, 5, 8000) {
            assert!((x - 1.0).abs() < 1e-5, "{x}");
        }
    }

    #[test]
    fn a_stored_search_goes_on_to_the_same_bits() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(2);
        let mut evolution = Evolution::new(5, 0.3, Population::usual(5));
        for trial in 0..203 {
            let step = evolution.ask(&mut random);
            let loss = step.iter().enumerate().map(|(i, x)| (i as f64 + 1.0) * (x - 0.2).powi(2));
            evolution.tell(step.clone(), loss.sum());
            let json = serde_json::to_string(&evolution).unwrap();
            assert!(serde_json::from_str::<Evolution>(&json).unwrap() == evolution, "{trial}");
        }
        let json = serde_json::to_string(&evolution).unwrap();
        let broken = json.replacen("\"mean\":[", "\"mean\":[0.5,", 1);
        let error = serde_json::from_str::<Evolution>(&broken).unwrap_err().to_string();
        assert!(error.contains("6 dimensions"), "{error}");
    }

    #[test]
    fn losses_that_are_no_numbers_and_no_dimensions_are_survived() {
        let broken = |x: &[f64]| if x[0] > 0.3 { f64::NAN } else { (x[0] + 1.0).powi(2) };
        assert!((minimum(broken, 1, 500)[0] + 1.0).abs() < 1e-3);
        assert!(minimum(|_| f64::INFINITY, 3, 500).iter().all(|x| x.is_finite()));
        assert!(minimum(|_| 0.0, 0, 20).is_empty());
    }
}
