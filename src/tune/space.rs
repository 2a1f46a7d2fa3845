//! What is tuned: numbers by name, each within a range.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::optim::Group;
use crate::strategy::RunOptions;

/// How a range is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly in the logarithm.
    Log,
    /// The same, with ends that are factors on what is usual; see [`Dimension::resolve`].
    Factor,
}

/// A number that is tuned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    /// A setting, as [`RunOptions::set`] takes it.
    pub name: String,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// How the range is searched.
    pub scale: Scale,
}

impl Dimension {
    /// Turns factors into the range that they mean, and gives the options the usual rate as a
    /// setting: where the search starts.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is a factor on anything but the learning rate of one group; as
    /// [`RunOptions::usual_rates`].
    pub fn resolve(&self, options: &mut RunOptions) -> Result<Self> {
        if self.scale != Scale::Factor {
            return Ok(self.clone());
        }
        let group =
            Group::ALL.into_iter().find(|group| self.name == format!("{}.rate", group.name()));
        let Some(group) = group else {
            let message = format!(
                "factor() is for position.rate, shape.rate and color.rate, not {}",
                self.name
            );
            return Err(Error::Invalid(message));
        };
        let usual = f64::from(*options.usual_rates()?.get(group));
        options.set(&self.name, usual)?;
        let (low, high) = (self.low * usual, self.high * usual);
        Ok(Self { name: self.name.clone(), low, high, scale: Scale::Log })
    }

    /// The value in place `unit`, 0 to 1.
    pub fn value(&self, unit: f64) -> f64 {
        let unit = unit.clamp(0.0, 1.0);
        match self.scale {
            Scale::Linear => self.low + unit * (self.high - self.low),
            Scale::Log | Scale::Factor => self.low * (self.high / self.low).powf(unit),
        }
        .clamp(self.low, self.high)
    }

    /// The place of a value, 0 to 1; values beyond an end are at that end.
    pub fn unit(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log | Scale::Factor => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }
}

impl FromStr for Dimension {
    type Err = Error;

    /// From `rate=log(0.01,1)`, `beta1=linear(0.5,0.99)` or `color.rate=factor(0.1,10)`.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::Invalid(format!(
                "{text:?} is not NAME=log(LOW,HIGH), NAME=linear(LOW,HIGH) or \
                 NAME=factor(LOW,HIGH)"
            ))
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
            "factor" => Scale::Factor,
            _ => return Err(wrong()),
        };
        if !low.is_finite() || !high.is_finite() || low >= high {
            return Err(Error::Invalid(format!(
                "the range of {name} must be finite and rise, not {low} to {high}"
            )));
        }
        if scale != Scale::Linear && low <= 0.0 {
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
    use crate::fit::FitOptions;
    use crate::optim::Method;

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
    fn factors_are_on_the_rates_that_are_usual_for_the_rule() {
        let mut options = RunOptions::from(FitOptions::default());
        let factor: Dimension = "color.rate=factor(0.1,10)".parse().unwrap();
        let resolved = factor.resolve(&mut options).unwrap();
        assert!((resolved.low - 0.002).abs() < 1e-8 && (resolved.high - 0.2).abs() < 1e-6);
        assert_eq!(resolved.scale, Scale::Log);
        assert_eq!(options.number("color.rate"), Some(f64::from(0.02f32)));
        let mut lion = RunOptions::from(FitOptions::default());
        lion.set_method("annealing:3+clip-l2,lion:9").unwrap();
        let rate = lion.fit.optimizer.method().unwrap().rate();
        assert_eq!(rate, 1.0, "the fit's own method is nobody's");
        let of_lion = "lion".parse::<Method>().unwrap().rate();
        assert!((factor.resolve(&mut lion).unwrap().low / 0.002 - of_lion).abs() < 1e-6);
        for (method, says) in [("cmaes:3+lbfgs:9", "line search"), ("adam:3+lion:9", "differ")] {
            options.set_method(method).unwrap();
            let error = factor.resolve(&mut options).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let beta: Dimension = "beta1=factor(0.5,2)".parse().unwrap();
        assert!(beta.resolve(&mut options).unwrap_err().to_string().contains("not beta1"));
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
