//! What an adaptive rule remembers of chosen Gaussians, and the steps that come of it.

use super::job::{bytes, write};
use crate::error::Result;
use crate::fit::{Checkpoint, FitOptions, Progress};
use crate::optim::{Clock, Group, Numbers, PerGroup};

const COLUMNS: [&str; 11] = [
    "iteration",
    "gaussian",
    "group",
    "entry",
    "first_moment",
    "second_moment",
    "bias_correction_1",
    "bias_correction_2",
    "learning_rate",
    "effective_step",
    "signal_to_noise",
];

/// The table of one run: read off its checkpoints, in which the rule's two moments are.
pub(super) struct Moments {
    watched: Vec<usize>,
    rule: &'static str,
    numbers: Numbers,
    iterations: u64,
    table: csv::Writer<Vec<u8>>,
}

/// A rule that remembers a first and a second moment: its decays and epsilon.
#[derive(Clone, Copy)]
struct Constants {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

impl Moments {
    /// Nothing where no Gaussians are watched, or the rule has no two moments.
    ///
    /// # Errors
    /// Those of the method.
    pub fn new(watched: &[usize], options: &FitOptions) -> Result<Option<Self>> {
        let rule = options.optimizer.method()?.rule();
        let has_moments =
            ["beta1", "beta2", "epsilon"].iter().all(|name| rule.setting(name).is_some());
        if watched.is_empty() || !has_moments {
            return Ok(None);
        }
        let mut table = csv::Writer::from_writer(Vec::new());
        write(&mut table, COLUMNS)?;
        Ok(Some(Self {
            watched: watched.to_vec(),
            rule: rule.name,
            numbers: Numbers::new(rule, &options.optimizer.settings),
            iterations: options.stop.iterations,
            table,
        }))
    }

    /// Adds the rows of one iteration; `checkpoint` holds what was remembered by its step.
    ///
    /// # Errors
    /// Those of writing.
    pub fn add(&mut self, progress: &Progress, checkpoint: &Checkpoint) -> Result<()> {
        let states = checkpoint.optimizer();
        // Rules that build on Adam's moments keep them under its name.
        let state = [self.rule, "adam"].iter().find_map(|name| states.get(name));
        let Some(state) = state else { return Ok(()) };
        let updates = state["updates"].as_i64().and_then(|count| i32::try_from(count).ok());
        let Some(updates) = updates.filter(|count| *count > 0) else { return Ok(()) };
        let iteration = progress.iteration;
        let clock = Clock { iteration, iterations: self.iterations, losses: &[] };
        let constants = self.constants(&clock);
        for index in self.watched.clone() {
            for group in Group::ALL {
                let slots = [0, 1].map(|slot| &state["slots"][slot][group.name()]);
                let length = slots[0].as_array().map_or(0, Vec::len) / progress.gaussians.max(1);
                for entry in 0..length {
                    let place = index * length + entry;
                    let [first, second] = slots.map(|slot| slot[place].as_f64());
                    let (Some(first), Some(second)) = (first, second) else { continue };
                    let constants = constants.get(group);
                    let unbias1 = unbias(constants.beta1, updates);
                    let unbias2 = unbias(constants.beta2, updates);
                    let root = (second * unbias2).sqrt();
                    let rate = f64::from(*progress.rates.get(group));
                    let ratio = first * unbias1 / (root + constants.epsilon);
                    let row = [
                        iteration.to_string(),
                        index.to_string(),
                        group.name().to_owned(),
                        entry.to_string(),
                        first.to_string(),
                        second.to_string(),
                        unbias1.to_string(),
                        unbias2.to_string(),
                        rate.to_string(),
                        (rate * ratio).to_string(),
                        ratio.abs().to_string(),
                    ];
                    write(&mut self.table, row)?;
                }
            }
        }
        Ok(())
    }

    fn constants(&self, clock: &Clock<'_>) -> PerGroup<Constants> {
        let place = |name: &str| self.numbers.part().setting(name);
        let places = ["beta1", "beta2", "epsilon"].map(place);
        self.numbers.at(clock).map(|numbers| {
            let [beta1, beta2, epsilon] = places
                .map(|place| place.and_then(|place| numbers.get(place)).copied())
                .map(|number| number.map_or(f64::NAN, f64::from));
            Constants { beta1, beta2, epsilon }
        })
    }

    /// The table as it is written.
    ///
    /// # Errors
    /// Those of writing.
    pub fn into_bytes(self) -> Result<Vec<u8>> {
        bytes(self.table)
    }
}

/// What makes up for a running mean's start at zero (Kingma and Ba 2015, section 3).
fn unbias(beta: f64, updates: i32) -> f64 {
    1.0 / (1.0 - beta.powi(updates))
}
