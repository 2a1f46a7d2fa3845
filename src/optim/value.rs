//! A number of a method: fixed, or a schedule over the iterations.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Clock;
use super::schedule::{Closure, Schedule};
use crate::error::Error;

/// A number, or what it is at every iteration.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The same at all times.
    Number(f64),
    /// By a schedule of the list, such as `cosine(0.01,0)`.
    Schedule(Schedule),
    /// By a function of a program; cannot be read back from a file.
    Closure(Closure),
}

impl Value {
    /// The number at this time.
    pub fn at(&self, clock: &Clock<'_>) -> f64 {
        match self {
            Self::Number(value) => *value,
            Self::Schedule(schedule) => schedule.at(clock),
            Self::Closure(closure) => closure.at(clock),
        }
    }
}

impl Value {
    /// Whether it may depend on the losses so far.
    pub(super) fn follows_losses(&self) -> bool {
        match self {
            Self::Number(_) => false,
            Self::Schedule(schedule) => schedule.follows_losses(),
            Self::Closure(_) => true,
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<Schedule> for Value {
    fn from(schedule: Schedule) -> Self {
        Self::Schedule(schedule)
    }
}

impl From<Closure> for Value {
    fn from(closure: Closure) -> Self {
        Self::Closure(closure)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Schedule(schedule) => schedule.fmt(f),
            Self::Closure(closure) => closure.fmt(f),
        }
    }
}

impl FromStr for Value {
    type Err = Error;

    /// Reads `0.5` or `cosine(0.5,0)`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().parse() {
            Ok(number) => Ok(Self::Number(number)),
            Err(_) if text.contains('(') => text.parse().map(Self::Schedule),
            Err(_) => Err(Error::Invalid(format!(
                "{text:?} is neither a number nor a schedule such as cosine(0.01,0)"
            ))),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(value) => serializer.serialize_f64(*value),
            other => serializer.serialize_str(&other.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Number(f64),
            Text(String),
        }
        match Stored::deserialize(deserializer)? {
            Stored::Number(value) => Ok(Self::Number(value)),
            Stored::Text(text) => match Closure::missing(&text) {
                Some(closure) => Ok(Self::Closure(closure)),
                None => text.parse().map_err(serde::de::Error::custom),
            },
        }
    }
}
