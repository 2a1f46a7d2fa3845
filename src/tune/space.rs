//! What is tuned: numbers by name, each within a range.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How a range is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly in the logarithm.
    Log,
}

/// A number that is tuned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// A setting, as [`crate::optim::OptimizerOptions::set`] takes it.
    pub name: String,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// How the range is searched.
    pub scale: Scale,
}

impl Dimension {
    /// The value in place `unit`, 0 to 1.
    pub fn value(&self, unit: f64) -> f64 {
        let unit = unit.clamp(0.0, 1.0);
        match self.scale {
            Scale::Linear => self.low + unit * (self.high - self.low),
            Scale::Log => (self.low.ln() + unit * (self.high / self.low).ln()).exp(),
        }
        .clamp(self.low, self.high)
    }

    /// The place of a value, 0 to 1; values beyond an end are at that end.
    pub fn unit(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }
}

impl FromStr for Dimension {
    type Err = Error;

    /// From `rate=log(0.01,1)` or `beta1=linear(0.5,0.99)`.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Invalid(format!("{text:?} is not NAME=log(LOW,HIGH) or NAME=linear(LOW,HIGH)"))
        };
        let (name, range) = text.split_once('=').ok_or_else(wrong)?;
        let (scale, ends) =
            range.trim().strip_suffix(')').and_then(|r| r.split_once('(')).ok_or_else(wrong)?;
        let (low, high) = ends.split_once(',').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
        let (low, high) = (number(low)?, number(high)?);
        let scale = match scale.trim() {
            "linear" => Scale::Linear,
            "log" => Scale::Log,
            _ => return Err(wrong()),
        };
        if !low.is_finite() || !high.is_finite() || low >= high {
            return Err(Error::Invalid(format!(
                "the range of {name} must be finite and rise, not {low} to {high}"
            )));
        }
        if scale == Scale::Log && low <= 0.0 {
            return Err(Error::Invalid(format!(
                "a logarithmic range must be above 0, not {low} to {high} ({name})"
            )));
        }
        Ok(Self { name: name.trim().into(), low, high, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_are_inverse() {
        for text in ["rate=log(0.001,10)", "beta1 = linear(-1, 0.99)"] {
            let dimension: Dimension = text.parse().unwrap();
            for unit in [0.0, 0.2, 0.5, 1.0] {
                assert!((dimension.unit(dimension.value(unit)) - unit).abs() < 1e-12, "{text}");
            }
            assert_eq!(dimension.value(-1.0), dimension.low);
            assert_eq!(dimension.unit(f64::MAX), 1.0);
        }
        let rate: Dimension = "rate=log(0.01,1)".parse().unwrap();
        assert!((rate.value(0.5) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn what_is_wrong_with_a_range_is_said() {
        for (text, says) in [
            ("rate", "NAME=log"),
            ("rate=0.1", "NAME=log"),
            ("rate=cubic(1,2)", "NAME=log"),
            ("rate=log(0,1)", "above 0"),
            ("rate=linear(2,1)", "must be finite and rise, not 2 to 1"),
            ("rate=linear(1,inf)", "must be finite and rise"),
        ] {
            let error = text.parse::<Dimension>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
