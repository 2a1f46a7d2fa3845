//! What the runs came to: their curves, put together in groups.

use std::path::Path;

use super::curve::Curve;
use super::files::{Files, made_with};
use super::pictures::Picture;
use super::plan::{Plan, Run};
use super::specification::Experiment;
use crate::error::Result;

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Which.
    pub run: Run,
    /// Its rows.
    pub curve: Curve,
    /// Number of the picture's pixels.
    pub pixels: usize,
    /// What it failed with.
    pub failed: Option<String>,
}

/// Runs that only differ in seed, and in the picture where pictures are taken together.
#[derive(Clone, Debug)]
pub struct Group {
    /// The picture, where each is taken by itself.
    pub picture: Option<usize>,
    /// Number of Gaussians.
    pub gaussians: usize,
    /// Variant and values of the grid.
    pub label: String,
    /// The value of the tried axes that was best.
    pub tried: String,
    /// Place among the branches.
    pub branch: Option<usize>,
    /// Places among the runs.
    pub runs: Vec<usize>,
}

impl Group {
    /// Whether both have the same picture and number of Gaussians, and are both branches or both
    /// not.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.picture == other.picture
            && self.gaussians == other.gaussians
            && self.branch.is_some() == other.branch.is_some()
    }
}

/// All runs and their groups.
#[derive(Clone, Debug)]
pub struct Results {
    /// In the order of the plan.
    pub runs: Vec<Ended>,
    /// In the order of tables; branches behind those that they leave.
    pub groups: Vec<Group>,
}

impl Results {
    /// Reads what finished runs have left.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(
        experiment: &Experiment,
        plan: &Plan,
        pictures: &[Picture],
        directory: &Path,
    ) -> Result<Self> {
        let mut runs = Vec::new();
        for run in &plan.runs {
            let files = Files::new(directory, run);
            let picture = &pictures[run.picture];
            let finished = files.read_finished(&made_with(experiment, plan, run, picture));
            let failed = finished.map_or(Some("not finished".into()), |finished| finished.failed);
            let path = files.curve();
            let curve = if path.is_file() { Curve::read(&path)? } else { Curve::default() };
            let pixels = picture.target.size().pixels();
            runs.push(Ended { run: run.clone(), curve, pixels, failed });
        }
        let groups = best(&runs, groups(experiment, &runs));
        Ok(Self { runs, groups })
    }

    /// The runs of a group.
    pub fn of<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a Ended> {
        group.runs.iter().map(|index| &self.runs[*index])
    }

    /// A figure of every run of a group, of those that have it.
    pub fn figures(&self, group: &Group, figure: impl Fn(&Ended) -> f64) -> Vec<f64> {
        self.of(group).map(figure).filter(|value| !value.is_nan()).collect()
    }
}

fn groups(experiment: &Experiment, runs: &[Ended]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, Ended { run, .. }) in runs.iter().enumerate() {
        let branch = run.branch.map(|leaving| leaving.branch);
        let picture = experiment.separate_pictures.then_some(run.picture);
        let is_own = |group: &&mut Group| {
            group.picture == picture
                && group.gaussians == run.gaussians
                && group.label == run.label
                && group.tried == run.tried
                && group.branch == branch
        };
        match groups.iter_mut().find(is_own) {
            Some(group) => group.runs.push(index),
            None => groups.push(Group {
                picture,
                gaussians: run.gaussians,
                label: run.label.clone(),
                tried: run.tried.clone(),
                branch,
                runs: vec![index],
            }),
        }
    }
    // Branches behind what they leave; the order is kept otherwise.
    let places: Vec<_> = groups.iter().filter(|group| group.branch.is_none()).cloned().collect();
    let place = |group: &Group| {
        places.iter().position(|whole| {
            whole.picture == group.picture
                && whole.gaussians == group.gaussians
                && whole.label == group.label
                && whole.tried == group.tried
        })
    };
    groups.sort_by_key(|group| (place(group), group.branch));
    groups
}

/// Of groups that only differ in what was tried, the one with the highest mean PSNR.
fn best(runs: &[Ended], groups: Vec<Group>) -> Vec<Group> {
    let psnr_db = |group: &Group| {
        let values = group.runs.iter().map(|index| runs[*index].curve.last("best_psnr_db"));
        Spread::of(values).map_or(f64::NEG_INFINITY, |spread| spread.mean)
    };
    let mut chosen: Vec<Group> = Vec::new();
    for group in groups {
        let same = |other: &&mut Group| {
            other.picture == group.picture
                && other.gaussians == group.gaussians
                && other.label == group.label
                && other.branch == group.branch
        };
        match chosen.iter_mut().find(same) {
            Some(other) if psnr_db(other) >= psnr_db(&group) => {}
            Some(other) => *other = group,
            None => chosen.push(group),
        }
    }
    chosen
}

/// Mean and spread of some figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the figures themselves, with n - 1; 0 of a single one.
    pub deviation: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// How many.
    pub count: usize,
}

impl Spread {
    /// Of those that are numbers; nothing if there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let figures: Vec<f64> = figures.into_iter().filter(|value| !value.is_nan()).collect();
        let count = figures.len();
        if count == 0 {
            return None;
        }
        let mean = figures.iter().sum::<f64>() / count as f64;
        let squares = figures.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
        let min = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let max = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Self { mean, deviation, min, max, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_the_textbook_s() {
        let spread = Spread::of([1.0, f64::NAN, 2.0, 6.0]).unwrap();
        assert_eq!((spread.mean, spread.min, spread.max, spread.count), (3.0, 1.0, 6.0, 3));
        assert!((spread.deviation - 7f64.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of([4.0]).unwrap().deviation, 0.0);
        assert_eq!(Spread::of([f64::NAN]), None);
    }
}
