//! Schedules: a number as a function of the iteration.
//!
//! A schedule is a [`Part`] of kind [`Kind::Schedule`]: a file here with a formula, and a line in
//! [`ALL`]. As text it is `cosine(0.01,0)` or `step(1,decay=0.3,period=50,warmup=10)`: its
//! numbers in order or by name. Every schedule knows `warmup`.

mod closure;
mod constant;
mod cosine;
mod cosine_restarts;
mod cyclic;
mod exponential;
mod inverse_sqrt;
mod linear;
mod noisy_cosine;
mod one_cycle;
mod plateau;
mod step;
mod table;

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use closure::Closure;

use super::names;
use super::part::{Build, Kind, Part, Setting};
use super::{Clock, Value};
use crate::error::{Error, Result};

/// All schedules.
pub const ALL: &[&Part] = &[
    &constant::PART,
    &cosine::PART,
    &cosine_restarts::PART,
    &step::PART,
    &exponential::PART,
    &inverse_sqrt::PART,
    &linear::PART,
    &cyclic::PART,
    &one_cycle::PART,
    &plateau::PART,
    &noisy_cosine::PART,
    &table::PART,
];

/// A schedule's first number: where it starts.
const FROM: Setting = Setting::new("from", "value at the start", 1.0, [f64::MIN, f64::MAX]);

/// Where it ends.
const TO: Setting = Setting::new("to", "value at the end", 0.01, [f64::MIN, f64::MAX]);

/// Schedules have nothing in common but their kind.
const SCHEDULE: Part = Part { kind: Kind::Schedule, ..Part::EMPTY };

/// Most points of a table.
const MAX_POINTS: usize = 10_000;

/// A schedule of the list with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    part: &'static Part,
    /// In the order of the part's settings; of a table, iterations and values by turns.
    numbers: Vec<f64>,
    warmup: u64,
}

impl Default for Schedule {
    /// A cosine from 1 to 1 %.
    fn default() -> Self {
        Self::of(&cosine::PART)
    }
}

impl Schedule {
    /// The schedule called `name`, with its usual numbers: a factor that starts at 1.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing near names if there is none.
    pub fn named(name: &str) -> Result<Self> {
        let part = ALL.iter().find(|part| part.name == name);
        part.map(|part| Self::of(part))
            .ok_or_else(|| names::unknown("schedule", name, ALL.iter().map(|part| part.name)))
    }

    fn of(part: &'static Part) -> Self {
        let numbers = part.settings.iter().map(|setting| setting.default).collect();
        Self { part, numbers, warmup: 0 }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.part.name
    }

    /// Sets one number.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such number, or it is out of its range.
    pub fn set(&mut self, name: &str, value: f64) -> Result<()> {
        let part = self.part;
        if name == "warmup" {
            if !(0.0..=1e9).contains(&value) {
                return Err(wrong(part, "warmup", value, "between 0 and 1e9"));
            }
            self.warmup = value.round() as u64;
            return Ok(());
        }
        if part.settings.is_empty() {
            let iteration = name.parse().ok().filter(|t: &f64| t.is_finite() && value.is_finite());
            let iteration = iteration.filter(|_| self.numbers.len() < 2 * MAX_POINTS);
            let Some(iteration) = iteration else {
                return Err(wrong(part, name, value, "ITERATION=VALUE, both finite"));
            };
            self.numbers.extend([iteration, value]);
            return Ok(());
        }
        let Some(index) = part.setting(name) else {
            let known = part.settings.iter().map(|setting| setting.name).chain(["warmup"]);
            return Err(names::unknown(&format!("number of schedule {}", part.name), name, known));
        };
        let setting = &part.settings[index];
        if !setting.takes(value) {
            return Err(wrong(part, name, value, &setting.domain()));
        }
        self.numbers[index] = value;
        Ok(())
    }

    /// Whether it looks at the losses so far.
    pub fn follows_losses(&self) -> bool {
        self.part.needs.losses
    }

    /// Whether the schedule has such a number.
    pub fn has(&self, name: &str) -> bool {
        name == "warmup" || self.part.setting(name).is_some()
    }

    /// The value at this time. In the warm-up it rises linearly to the schedule's first value.
    pub fn at(&self, clock: &Clock<'_>) -> f64 {
        let Build::Schedule(value) = self.part.build else { return f64::NAN };
        let iterations = clock.iterations.saturating_sub(self.warmup).max(1);
        if clock.iteration < self.warmup {
            let rise = (clock.iteration + 1) as f64 / (self.warmup + 1) as f64;
            return rise * value(&self.numbers, &Clock { iteration: 0, iterations, losses: &[] });
        }
        let iteration = clock.iteration - self.warmup;
        value(&self.numbers, &Clock { iteration, iterations, losses: clock.losses })
    }
}

fn wrong(part: &Part, name: &str, value: f64, domain: &str) -> Error {
    Error::Invalid(format!("schedule {}: {name} must be {domain}, not {value}", part.name))
}

impl Display for Schedule {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let mut numbers: Vec<String> = if self.part.settings.is_empty() {
            self.numbers.chunks(2).map(|point| format!("{}={}", point[0], point[1])).collect()
        } else {
            self.numbers.iter().map(f64::to_string).collect()
        };
        if self.warmup > 0 {
            numbers.push(format!("warmup={}", self.warmup));
        }
        write!(f, "{}({})", self.part.name, numbers.join(","))
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, inside) = match text.trim().split_once('(') {
            None => (text.trim(), ""),
            Some((name, rest)) => {
                let inside = rest.strip_suffix(')').ok_or_else(|| {
                    Error::Invalid(format!("the schedule {text:?} has no closing bracket"))
                })?;
                (name.trim(), inside)
            }
        };
        let mut schedule = Self::named(name)?;
        let parts = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
        for (index, part) in parts.enumerate() {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), value.trim()),
                None => {
                    let setting = schedule.part.settings.get(index).ok_or_else(|| {
                        let count = schedule.part.settings.len();
                        let what = format!("schedule {name} has only {count} numbers in order");
                        Error::Invalid(format!("{what}: {text:?}"))
                    })?;
                    (setting.name, part)
                }
            };
            let number = value.parse().map_err(|_| {
                Error::Invalid(format!("{value:?} in the schedule {text:?} is not a number"))
            })?;
            schedule.set(name, number)?;
        }
        if schedule.part.settings.is_empty() {
            table::sort(&mut schedule.numbers);
        }
        Ok(schedule)
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl TryFrom<&str> for Value {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

/// Half a cosine from `from` to `to` as `progress` goes from 0 to 1.
fn half_cosine(progress: f64, from: f64, to: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos())
}
