//! From an experiment to its runs: the whole grid, in order.

use std::collections::BTreeMap;

use super::pictures::Picture;
use super::settings::Settings;
use super::specification::{Axis, Experiment, Variant};
use super::text;
use crate::error::{Error, Result};
use crate::strategy::RunOptions;

/// One fit of an experiment.
#[derive(Clone, Debug)]
pub struct Run {
    /// What its files are called.
    pub key: String,
    /// Place among the pictures.
    pub picture: usize,
    /// Number of Gaussians.
    pub gaussians: usize,
    /// Seed.
    pub seed: u64,
    /// What it is called in tables: variant and values of the grid.
    pub label: String,
    /// Values of the axes of which the best stands for all.
    pub tried: String,
    /// Everything that defines the run.
    pub options: RunOptions,
    /// The run that it leaves, and which branch it is.
    pub branch: Option<Leaving>,
}

impl Run {
    /// Whether both fit the same picture with the same number and seed.
    pub fn is_paired_with(&self, other: &Self) -> bool {
        (self.picture, self.gaussians, self.seed) == (other.picture, other.gaussians, other.seed)
    }
}

/// Where a branch comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Place of the run among the runs.
    pub run: usize,
    /// Place of the branch among the branches.
    pub branch: usize,
}

/// All runs; branches come after all the others.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of tables.
    pub runs: Vec<Run>,
    /// Variants that this build cannot run, and why.
    pub left_out: Vec<(String, String)>,
}

impl Plan {
    /// Spreads out an experiment; there is at least one picture.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the variant or branch, and what is wrong with it.
    pub fn new(experiment: &Experiment, pictures: &[Picture]) -> Result<Self> {
        let mut plan = Self::default();
        let mut variants = Vec::new();
        for variant in &experiment.variants {
            let settings = experiment.settings.with(&variant.settings);
            match settings.options(1, 0, pictures[0].target.size()) {
                Err(why) if variant.optional => {
                    plan.left_out.push((variant.name.clone(), why.to_string()));
                }
                _ => variants.push(variant),
            }
        }
        for (place, picture) in pictures.iter().enumerate() {
            for gaussians in &experiment.gaussians {
                for variant in &variants {
                    for cell in cells(experiment, variant) {
                        for seed in &experiment.seeds {
                            let options = cell
                                .settings
                                .options(*gaussians, *seed, picture.target.size())
                                .map_err(|error| text::within(&cell.place(), error))?;
                            let label = cell.label.clone();
                            let of_cell = cell.place();
                            let key = format!("{}_n{gaussians}_{of_cell}_s{seed}", picture.name);
                            plan.runs.push(Run {
                                key: file_name(&key),
                                picture: place,
                                gaussians: *gaussians,
                                seed: *seed,
                                label,
                                tried: cell.tried.clone(),
                                options,
                                branch: None,
                            });
                        }
                    }
                }
            }
        }
        plan.add_branches(experiment)?;
        plan.check_keys()?;
        Ok(plan)
    }

    fn add_branches(&mut self, experiment: &Experiment) -> Result<()> {
        let whole = self.runs.len();
        for (place, branch) in experiment.branches.iter().enumerate() {
            for index in 0..whole {
                let run = &self.runs[index];
                let mut options = run.options.clone();
                let name = format!("branch {:?}", branch.name);
                if branch.from >= options.fit.stop.iterations {
                    return Err(Error::Invalid(format!(
                        "{name}: from: the run has no more than {} iterations, not {}",
                        options.fit.stop.iterations, branch.from
                    )));
                }
                branch.settings.change(&mut options).map_err(|error| text::within(&name, error))?;
                let key = format!("{}_b-{}", run.key, file_name(&branch.name));
                let branch = Some(Leaving { run: index, branch: place });
                self.runs.push(Run { key, options, branch, ..run.clone() });
            }
        }
        Ok(())
    }

    /// Runs that no run is the beginning of have files of their own.
    fn check_keys(&self) -> Result<()> {
        let mut seen = BTreeMap::new();
        for run in &self.runs {
            if seen.insert(&run.key, ()).is_some() {
                return Err(Error::Invalid(format!("two runs are called {:?}", run.key)));
            }
        }
        Ok(())
    }
}

/// A place in the grid.
struct Cell {
    settings: Settings,
    label: String,
    tried: String,
}

impl Cell {
    fn place(&self) -> String {
        if self.tried.is_empty() {
            self.label.clone()
        } else {
            format!("{} {}", self.label, self.tried)
        }
    }
}

/// A variant with every combination of the values of the grid.
fn cells(experiment: &Experiment, variant: &Variant) -> Vec<Cell> {
    let base = experiment.settings.with(&variant.settings);
    let names_variant = experiment.variants.len() > 1 || experiment.grid.is_empty();
    let label = if names_variant { variant.name.clone() } else { String::new() };
    let mut cells = vec![Cell { settings: base, label, tried: String::new() }];
    for Axis { name, values } in &experiment.grid {
        let is_tried = experiment.best_of.contains(name);
        cells = cells
            .iter()
            .flat_map(|cell| {
                values.iter().map(move |(text, settings)| {
                    let join = |before: &str, text: &str| match before {
                        "" => text.to_owned(),
                        before => format!("{before}, {text}"),
                    };
                    let settings = cell.settings.with(settings);
                    if is_tried {
                        let tried = join(&cell.tried, &format!("{name} {text}"));
                        Cell { settings, label: cell.label.clone(), tried }
                    } else {
                        let label = join(&cell.label, text);
                        Cell { settings, label, tried: cell.tried.clone() }
                    }
                })
            })
            .collect();
    }
    cells
}

/// Letters, digits, dots and dashes.
fn file_name(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    text.chars().map(keep).collect()
}
