//! Stages that follow each other, as text: `cmaes:20+lbfgs:200`.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{all, named};
use crate::error::{Error, Result};
use crate::optim::registry::{self, ALIASES};
use crate::optim::{Method, names};

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// A strategy, or a method such as `clip-l2,adam`.
    pub name: String,
    /// Its passes, if they are given.
    pub passes: Option<u64>,
}

/// One stage or several, joined by `+`, each with its number of passes behind a colon or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    stages: Vec<Stage>,
}

impl Pipeline {
    /// The stages in their order, at least one.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The stages, to change.
    pub fn stages_mut(&mut self) -> &mut [Stage] {
        &mut self.stages
    }

    /// The method, where that is all there is.
    pub fn plain(&self) -> Option<&str> {
        match self.stages.as_slice() {
            [stage] if named(&stage.name).is_none() => Some(&stage.name),
            _ => None,
        }
    }

    /// The sum of all passes, if every stage has its own.
    pub fn total(&self) -> Option<u64> {
        self.stages.iter().map(|stage| stage.passes).sum()
    }

    /// Passes of every stage where there are `total` in all: those without a number share evenly
    /// what the others leave.
    ///
    /// # Errors
    /// [`Error::Invalid`] if too few are left for one of them, or some are left for none.
    pub fn passes(&self, total: u64) -> Result<Vec<u64>> {
        let given: u64 = self.stages.iter().filter_map(|stage| stage.passes).sum();
        let open = self.stages.iter().filter(|stage| stage.passes.is_none()).count() as u64;
        let left = total.checked_sub(given);
        let fits = left.is_some_and(|left| if open == 0 { left == 0 } else { left >= open });
        let Some(left) = left.filter(|_| fits) else {
            let rest = match open {
                0 => String::new(),
                1 => " and a stage without a number".into(),
                _ => format!(" and {open} stages without a number"),
            };
            return Err(Error::Invalid(format!(
                "method {self} has {given} passes{rest}, which does not fit {total} iterations"
            )));
        };
        let mut before = 0;
        let mut share = || {
            before += 1;
            left * before / open - left * (before - 1) / open
        };
        Ok(self.stages.iter().map(|stage| stage.passes.unwrap_or_else(&mut share)).collect())
    }
}

impl FromStr for Pipeline {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let stages = text.split('+').map(|part| stage(part.trim())).collect::<Result<_>>()?;
        Ok(Self { stages })
    }
}

fn stage(text: &str) -> Result<Stage> {
    let (name, passes) = match text.rsplit_once(':') {
        None => (text, None),
        Some((name, count)) => {
            let passes = count.trim().parse().ok().filter(|passes| (1..=MOST).contains(passes));
            let Some(passes) = passes else {
                return Err(Error::Invalid(format!(
                    "the passes of stage {text:?} must be a whole number from 1 to {MOST}"
                )));
            };
            (name.trim(), Some(passes))
        }
    };
    check_name(name)?;
    Ok(Stage { name: name.into(), passes })
}

/// Most passes of a stage.
const MOST: u64 = 1_000_000_000;

fn check_name(name: &str) -> Result<()> {
    if named(name).is_some() {
        return Ok(());
    }
    if let Some(part) = name.split(',').map(str::trim).find(|part| named(part).is_some()) {
        return Err(Error::Invalid(format!(
            "{part} is a strategy and takes no parts: it stands by itself, or between + signs"
        )));
    }
    let methods = || {
        let parts = registry::parts().filter(|part| part.kind != crate::optim::Kind::Schedule);
        parts.map(|part| part.name).chain(ALIASES.iter().map(|alias| alias.name))
    };
    if !name.contains(',') && !methods().any(|known| known == name) {
        let strategies = all().map(|strategy| strategy.part.name);
        return Err(names::unknown("method", name, methods().chain(strategies)));
    }
    name.parse::<Method>().map(|_| ())
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (index, Stage { name, passes }) in self.stages.iter().enumerate() {
            if index > 0 {
                f.write_str("+")?;
            }
            f.write_str(name)?;
            if let Some(passes) = passes {
                write!(f, ":{passes}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Pipeline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pipeline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
