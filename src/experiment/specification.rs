//! An experiment as data: what is run, over which grid, and what is expected of it.

use serde::Deserialize;
use toml::{Table, Value};

use super::claim::Claim;
use super::settings::Settings;
use super::text;
use crate::error::{Error, Result};

/// One value, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// The keys of an experiment's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Keys {
    title: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    findings: String,
    pictures: OneOrMany<String>,
    crop: Option<String>,
    gaussians: OneOrMany<usize>,
    #[serde(default)]
    seeds: Option<OneOrMany<u64>>,
    #[serde(default = "one")]
    log_every: u64,
    checkpoint_every: Option<u64>,
    #[serde(default)]
    separate_pictures: bool,
    #[serde(default)]
    best_of: Vec<String>,
    #[serde(default)]
    figures: Option<Vec<Figure>>,
    #[serde(default)]
    watch: Vec<usize>,
    #[serde(default)]
    settings: Table,
    #[serde(default)]
    grid: Table,
    #[serde(default)]
    variant: Vec<Table>,
    #[serde(default)]
    branch: Vec<Table>,
    #[serde(default)]
    claim: Vec<Claim>,
    #[serde(default)]
    quick: Quick,
}

const fn one() -> u64 {
    1
}

/// What a run at the small size has in the place of the experiment's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Quick {
    crop: Option<String>,
    gaussians: Option<OneOrMany<usize>>,
    seeds: Option<OneOrMany<u64>>,
    iterations: Option<u64>,
}

/// A family of plots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Figure {
    /// PSNR over passes and over seconds.
    Psnr,
    /// Loss over passes.
    Loss,
    /// Norms of gradients and momentum, group by group.
    Gradients,
    /// Standard deviations and condition numbers.
    Shapes,
    /// Learning rates, group by group.
    Rates,
    /// Pixels that no Gaussian reaches.
    Coverage,
    /// Loss of the branches beside the run that they leave.
    Branches,
    /// What Adam remembers of single Gaussians.
    Moments,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Psnr,
        Self::Loss,
        Self::Gradients,
        Self::Shapes,
        Self::Rates,
        Self::Coverage,
        Self::Branches,
        Self::Moments,
    ];
}

/// One of the things that are compared.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What tables and plots call it.
    pub name: String,
    /// Whether it is left out where this build has no such method.
    pub optional: bool,
    /// What it is made with.
    pub settings: Settings,
}

/// A run that leaves another one after some iterations, with other settings.
#[derive(Clone, Debug)]
pub struct Branch {
    /// What tables and plots call it.
    pub name: String,
    /// The iteration after which it leaves.
    pub from: u64,
    /// Whether the optimizer forgets what it remembers.
    pub reset_momentum: bool,
    /// What changes.
    pub settings: Settings,
}

/// A setting that is tried with several values.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The setting's name.
    pub name: String,
    /// Its values, as text and as settings.
    pub values: Vec<(String, Settings)>,
}

/// An experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// In a line.
    pub title: String,
    /// What it asks, as Markdown.
    pub about: String,
    /// What was found, as Markdown, for reports of the whole experiment.
    pub findings: String,
    /// Names, paths and patterns of pictures.
    pub pictures: Vec<String>,
    /// Size that pictures are cut to around their centre, `WIDTHxHEIGHT`.
    pub crop: Option<String>,
    /// Numbers of Gaussians.
    pub gaussians: Vec<usize>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Iterations from one row of the curves to the next.
    pub log_every: u64,
    /// Iterations from one checkpoint to the next, of those that are kept.
    pub checkpoint_every: Option<u64>,
    /// Whether figures are given picture by picture.
    pub separate_pictures: bool,
    /// Names of axes of which the best value stands for all.
    pub best_of: Vec<String>,
    /// The plots of the report.
    pub figures: Vec<Figure>,
    /// Gaussians whose moments are written down.
    pub watch: Vec<usize>,
    /// What all runs share.
    pub settings: Settings,
    /// Settings with several values.
    pub grid: Vec<Axis>,
    /// What is compared.
    pub variants: Vec<Variant>,
    /// What leaves every run on the way.
    pub branches: Vec<Branch>,
    /// What is expected.
    pub claims: Vec<Claim>,
    /// Whether this is the small size.
    pub is_quick: bool,
    quick: Quick,
}

impl Experiment {
    /// Reads the text of an experiment.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the line if it is not TOML; [`Error::Invalid`] naming the key.
    pub fn parse(text: &str) -> Result<Self> {
        let keys: Keys = text::from_table(text::parse(text)?)?;
        let settings =
            Settings::from_table(keys.settings).map_err(|error| text::within("settings", error))?;
        let mut grid = Vec::new();
        for (name, values) in keys.grid {
            grid.push(axis(name, values)?);
        }
        let mut variants = Vec::new();
        for table in keys.variant {
            variants.push(variant(table)?);
        }
        if variants.is_empty() {
            let name = settings.method.clone().unwrap_or_else(|| "preset".into());
            let settings = Settings::default();
            variants.push(Variant { name, optional: false, settings });
        }
        let branches = keys.branch.into_iter().map(branch).collect::<Result<Vec<_>>>()?;
        let experiment = Self {
            title: keys.title,
            about: keys.about,
            findings: keys.findings,
            pictures: keys.pictures.into_vec(),
            crop: keys.crop,
            gaussians: keys.gaussians.into_vec(),
            seeds: keys.seeds.map_or_else(|| vec![0], OneOrMany::into_vec),
            log_every: keys.log_every,
            checkpoint_every: keys.checkpoint_every,
            separate_pictures: keys.separate_pictures,
            best_of: keys.best_of,
            figures: keys.figures.unwrap_or_else(|| Figure::ALL.to_vec()),
            watch: keys.watch,
            settings,
            grid,
            variants,
            branches,
            claims: keys.claim,
            is_quick: false,
            quick: keys.quick,
        };
        experiment.check()?;
        Ok(experiment)
    }

    /// The same at its small size.
    #[must_use]
    pub fn quick(mut self) -> Self {
        self.is_quick = true;
        let quick = std::mem::take(&mut self.quick);
        if quick.crop.is_some() {
            self.crop = quick.crop;
        }
        if let Some(gaussians) = quick.gaussians {
            self.gaussians = gaussians.into_vec();
        }
        if let Some(seeds) = quick.seeds {
            self.seeds = seeds.into_vec();
        }
        if quick.iterations.is_some() {
            self.settings.iterations = quick.iterations;
        }
        self
    }

    /// Leaves out all branches, and what is expected of them.
    pub fn drop_branches(&mut self) {
        self.branches.clear();
        self.claims.retain(|claim| claim.branch.is_none());
    }

    fn check(&self) -> Result<()> {
        let none = [
            ("pictures", self.pictures.is_empty()),
            ("gaussians", self.gaussians.is_empty()),
            ("seeds", self.seeds.is_empty()),
        ];
        if let Some((key, _)) = none.into_iter().find(|(_, empty)| *empty) {
            return Err(Error::Invalid(format!("{key}: at least one is needed")));
        }
        if self.gaussians.contains(&0) {
            return Err(Error::Invalid("gaussians: at least 1, not 0".into()));
        }
        if self.log_every == 0 || self.checkpoint_every == Some(0) {
            return Err(Error::Invalid("log-every, checkpoint-every: at least 1, not 0".into()));
        }
        check_distinct("variant", self.variants.iter().map(|variant| variant.name.as_str()))?;
        check_distinct("branch", self.branches.iter().map(|branch| branch.name.as_str()))?;
        let axes = || self.grid.iter().map(|axis| axis.name.as_str());
        if let Some(name) = self.best_of.iter().find(|name| !axes().any(|axis| axis == *name)) {
            return Err(Error::Invalid(format!("best-of: grid has no {name:?}")));
        }
        self.claims.iter().try_for_each(|claim| claim.check(self))
    }
}

fn check_distinct<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::Invalid(format!("{what}: two are called {name:?}")));
        }
    }
    Ok(())
}

/// A setting with several values.
fn axis(name: String, values: Value) -> Result<Axis> {
    let place = format!("grid.{name}");
    let Value::Array(values) = values else {
        let message = format!("{place} must be a list, not {}", values.type_str());
        return Err(Error::Invalid(message));
    };
    let mut read = Vec::new();
    for value in values {
        let text = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let settings = Settings::from_table([(name.clone(), value)].into_iter().collect())
            .map_err(|error| text::within("grid", error))?;
        read.push((text, settings));
    }
    Ok(Axis { name, values: read })
}

/// Takes the value of a key that is none of the settings.
fn take<T: serde::de::DeserializeOwned>(table: &mut Table, key: &str) -> Result<Option<T>> {
    table.remove(key).map_or(Ok(None), |value| {
        value
            .try_into()
            .map(Some)
            .map_err(|error: toml::de::Error| Error::Invalid(format!("{key}: {}", error.message())))
    })
}

fn name(what: &str, table: &mut Table) -> Result<String> {
    let name: Option<String> = take(table, "name").map_err(|error| text::within(what, error))?;
    name.ok_or_else(|| Error::Invalid(format!("{what}: missing field `name`")))
}

fn variant(mut table: Table) -> Result<Variant> {
    let name = name("variant", &mut table)?;
    let rest = || {
        let optional = take(&mut table, "optional")?.unwrap_or(false);
        Ok((optional, Settings::from_table(table)?))
    };
    let read: Result<_> = rest();
    let (optional, settings) =
        read.map_err(|error| text::within(&format!("variant {name:?}"), error))?;
    Ok(Variant { name, optional, settings })
}

fn branch(mut table: Table) -> Result<Branch> {
    let name = name("branch", &mut table)?;
    let rest = || {
        let from = take(&mut table, "from")?;
        let from = from.ok_or_else(|| Error::Invalid("missing field `from`".into()))?;
        let reset_momentum = take(&mut table, "reset-momentum")?.unwrap_or(false);
        Ok((from, reset_momentum, Settings::from_table(table)?))
    };
    let read: Result<_> = rest();
    let (from, reset_momentum, settings) =
        read.map_err(|error| text::within(&format!("branch {name:?}"), error))?;
    Ok(Branch { name, from, reset_momentum, settings })
}
