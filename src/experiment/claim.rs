//! What is expected of an experiment, and whether its runs bear it out.

use serde::Deserialize;

use super::results::{Ended, Group, Results, Spread};
use super::specification::Experiment;
use crate::error::{Error, Result};

/// A figure that runs are measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// PSNR of the best state so far in dB.
    Psnr,
    /// The same less that of the baseline on the same picture and seed, in dB.
    Gain,
    /// Passes that the baseline took to where it stands, over the passes that it takes to get
    /// there; 0 if it does not.
    Speed,
    /// Seconds a pass of the baseline over seconds a pass.
    PassSpeed,
    /// Loss at the end over loss at the start.
    LossRatio,
    /// Lowest loss over loss at the end: 1 where it ends at its best.
    Held,
    /// Share of the pixels that no Gaussian reaches at the end.
    Uncovered,
}

impl Measure {
    /// In words.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Psnr | Self::Gain => "dB",
            Self::Speed => "times fewer passes",
            Self::PassSpeed => "times faster passes",
            Self::LossRatio => "of the first loss at the end",
            Self::Held => "lowest over last loss",
            Self::Uncovered => "of the pixels uncovered",
        }
    }
}

/// An expectation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Claim {
    /// In words.
    pub text: String,
    /// What is measured.
    pub measure: Measure,
    /// Of which runs: their label.
    pub of: String,
    /// Of those that leave them as this branch.
    pub branch: Option<String>,
    /// What it is compared with.
    pub baseline: Option<String>,
    /// Number of Gaussians; all if not given.
    pub gaussians: Option<usize>,
    /// After so many passes; at the end if not given.
    pub at: Option<u64>,
    /// The smallest value that bears it out.
    pub at_least: Option<f64>,
    /// The largest one.
    pub at_most: Option<f64>,
}

/// What measurement says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for every picture and seed.
    Confirmed,
    /// It holds for some.
    Bounded,
    /// It holds for none.
    Refuted,
    /// Nothing was measured.
    Open,
}

impl Verdict {
    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Bounded => "bounded",
            Self::Refuted => "refuted",
            Self::Open => "not measured here",
        }
    }
}

/// A claim and what was measured.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Whether it holds.
    pub verdict: Verdict,
    /// The figures of all pictures and seeds.
    pub spread: Option<Spread>,
    /// In how many of them it holds.
    pub holds: usize,
}

impl Claim {
    /// Checks the parts of a claim against each other and the experiment.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the claim and the key.
    pub(super) fn check(&self, experiment: &Experiment) -> Result<()> {
        let wrong =
            |message: String| Err(Error::Invalid(format!("claim {:?}: {message}", self.text)));
        let needs_baseline = [Measure::Gain, Measure::Speed, Measure::PassSpeed];
        if needs_baseline.contains(&self.measure) && self.baseline.is_none() {
            return wrong("missing field `baseline`".into());
        }
        if self.at_least.is_none() && self.at_most.is_none() {
            return wrong("needs `at-least` or `at-most`".into());
        }
        let known = |name: &String| experiment.branches.iter().any(|branch| branch.name == *name);
        match &self.branch {
            Some(name) if !known(name) => wrong(format!("branch: there is no {name:?}")),
            _ => Ok(()),
        }
    }

    /// What is expected, in words.
    pub fn expectation(&self) -> String {
        match (self.at_least, self.at_most) {
            (Some(low), Some(high)) => format!("{low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => String::new(),
        }
    }

    /// What the runs say.
    pub fn judge(&self, experiment: &Experiment, results: &Results) -> Judged {
        let values = self.values(experiment, results);
        let holds = values.iter().filter(|value| self.holds(**value)).count();
        let verdict = match (holds, values.len()) {
            (_, 0) => Verdict::Open,
            (0, _) => Verdict::Refuted,
            (all, count) if all == count => Verdict::Confirmed,
            _ => Verdict::Bounded,
        };
        Judged { verdict, spread: Spread::of(values.iter().copied()), holds }
    }

    fn holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|low| value >= low)
            && self.at_most.is_none_or(|high| value <= high)
    }

    fn values(&self, experiment: &Experiment, results: &Results) -> Vec<f64> {
        let branch = self
            .branch
            .as_ref()
            .and_then(|name| experiment.branches.iter().position(|branch| branch.name == *name));
        let is_meant = |group: &&Group| {
            group.label == self.of
                && group.branch == branch
                && self.gaussians.is_none_or(|count| group.gaussians == count)
        };
        let groups = results.groups.iter().filter(is_meant);
        let runs = groups.flat_map(|group| results.of(group));
        runs.map(|run| self.value(run, self.beside(run, results)))
            .filter(|value| !value.is_nan())
            .collect()
    }

    /// The baseline's run on the same picture, with the same number and seed.
    fn beside<'a>(&self, run: &Ended, results: &'a Results) -> Option<&'a Ended> {
        let label = self.baseline.as_ref()?;
        let groups = results.groups.iter();
        let groups = groups.filter(|group| group.label == *label && group.branch.is_none());
        let mut runs = groups.flat_map(|group| results.of(group));
        runs.find(|other| other.run.is_paired_with(&run.run))
    }

    fn value(&self, Ended { curve, pixels, .. }: &Ended, baseline: Option<&Ended>) -> f64 {
        let at = self.at.map_or(f64::INFINITY, |at| at as f64);
        let psnr = "best_psnr_db";
        let pass_s = |run: &Ended| run.curve.last("seconds") / run.curve.last("iteration");
        match (self.measure, baseline) {
            (Measure::Psnr, _) => curve.at(psnr, at),
            (Measure::Gain, Some(base)) => curve.at(psnr, at) - base.curve.at(psnr, at),
            (Measure::Speed, Some(base)) => {
                let reached = base.curve.at(psnr, at);
                base.curve.passes_until(psnr, reached) / curve.passes_until(psnr, reached)
            }
            (Measure::PassSpeed, Some(base)) => {
                pass_s(base) * curve.last("iteration") / curve.last("seconds")
            }
            (Measure::LossRatio, _) => curve.last("loss_total") / curve.first("loss_total"),
            (Measure::Held, _) => {
                let losses = curve.column("loss_total").filter(|loss| !loss.is_nan());
                losses.fold(f64::INFINITY, f64::min) / curve.last("loss_total")
            }
            (Measure::Uncovered, _) => curve.last("uncovered_pixels") / *pixels as f64,
            (_, None) => f64::NAN,
        }
    }
}
