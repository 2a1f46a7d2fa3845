//! Values of options that are more than one number or one word.

use std::str::FromStr;

use lgi::loss::Loss;
use lgi::optim::{Group, OptimizerOptions, PerGroup, Value};

/// A limit that can be switched off: a value, or `off`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrOff<T>(pub Option<T>);

impl<T: FromStr> FromStr for OrOff<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse()
            .map(|value| Self(Some(value)))
            .map_err(|error| format!("{error}, or not `off`"))
    }
}

/// A number, or `auto` for what suits the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrAuto<T>(pub Option<T>);

impl<T: FromStr> FromStr for OrAuto<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self(None));
        }
        text.parse()
            .map(|value| Self(Some(value)))
            .map_err(|error| format!("{error}, or not `auto`"))
    }
}

/// What `--learning-rate` does to the rates of the three groups.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LearningRates {
    /// The usual rates times one factor.
    Factor(f32),
    /// New rates for the groups that are named.
    Groups(PerGroup<Option<f32>>),
}

impl LearningRates {
    /// Changes the rates as asked for; `usual` are those of the parameterisation.
    ///
    /// # Errors
    /// As [`OptimizerOptions::set`].
    pub fn apply(self, options: &mut OptimizerOptions, usual: &PerGroup<f32>) -> lgi::Result<()> {
        match self {
            // Of the usual rates, not of those before: a resumed run is often started with the
            // options of the first, and must not take the factor twice.
            Self::Factor(factor) => {
                options.set_learning_rate(usual.map(|rate| rate * factor));
            }
            Self::Groups(new) => {
                for (group, rate) in new.iter() {
                    if let Some(rate) = rate {
                        options.set(&format!("{}.rate", group.name()), f64::from(*rate))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl FromStr for LearningRates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('=') {
            return number(text).map(Self::Factor);
        }
        let mut rates = PerGroup::default();
        for (name, value) in assignments(text)? {
            let slot = rates.iter_mut().find(|(group, _)| group.name() == name);
            let Some((_, slot)) = slot else {
                let known: Vec<&str> = rates.iter().map(|(group, _)| group.name()).collect();
                return Err(format!("no group {name:?}; there are {}", known.join(", ")));
            };
            *slot = Some(number(value.ok_or_else(|| format!("{name} has no value"))?)?);
        }
        Ok(Self::Groups(rates))
    }
}

/// Numbers of a method by name.
pub type Settings = Vec<(String, Value)>;

/// Reads `NAME=VALUE`, or several joined by commas; values may be schedules such as
/// `cosine(0.01,0)`, whose own commas separate nothing.
pub fn parse_settings(text: &str) -> Result<Settings, String> {
    let mut depth = 0;
    let outside = |letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    };
    let one = |part: &str| {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("{part} has no value"))?;
        let value = value.parse::<Value>().map_err(|error| error.to_string())?;
        Ok((name.trim().to_owned(), value))
    };
    text.split(outside).map(one).collect()
}

/// Reads groups joined by commas, `position,shape`, or `off` for none.
pub fn parse_groups(text: &str) -> Result<PerGroup<bool>, String> {
    let mut groups = PerGroup::default();
    for name in text.split(',').map(str::trim).filter(|_| text != "off") {
        let Some(group) = Group::ALL.into_iter().find(|group| group.name() == name) else {
            let known = Group::ALL.map(Group::name).join(", ");
            return Err(format!("no group {name:?}; there are {known}"));
        };
        *groups.get_mut(group) = true;
    }
    Ok(groups)
}

/// Reads weights such as `l2` or `l1=0.2,l2=0.8,ssim=0.1`; a term alone has weight 1.
pub fn parse_loss(text: &str) -> Result<Loss, String> {
    let mut loss = Loss { l1: 0.0, l2: 0.0, ssim: 0.0 };
    for (name, value) in assignments(text)? {
        let slot = match name {
            "l1" => &mut loss.l1,
            "l2" => &mut loss.l2,
            "ssim" => &mut loss.ssim,
            _ => return Err(format!("no term {name:?}; there are l1, l2, ssim")),
        };
        *slot = value.map_or(Ok(1.0), number)?;
    }
    Ok(loss)
}

fn number(text: &str) -> Result<f32, String> {
    text.trim().parse().map_err(|error| format!("{text:?}: {error}"))
}

/// `a=1,b` as pairs of a name and its value, if it has one.
fn assignments(text: &str) -> Result<Vec<(&str, Option<&str>)>, String> {
    let mut pairs: Vec<(&str, Option<&str>)> = Vec::new();
    for part in text.split(',') {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value)),
            None => (part.trim(), None),
        };
        if pairs.iter().any(|(other, _)| *other == name) {
            return Err(format!("{name} is given twice"));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use lgi::optim::Clock;

    use super::*;

    /// Learning rates at the start of a run, after `text` has changed them.
    fn rates(text: &str, before: PerGroup<f32>, usual: &PerGroup<f32>) -> PerGroup<f32> {
        let mut options = OptimizerOptions { learning_rate: before, ..Default::default() };
        LearningRates::from_str(text).unwrap().apply(&mut options, usual).unwrap();
        options.rates(1.0, &Clock::default())
    }

    #[test]
    fn one_learning_rate_is_a_factor_on_the_usual_ones() {
        let before = PerGroup { position: 1.0, shape: 2.0, color: 3.0 };
        let usual = PerGroup { position: 4.0, shape: 2.0, color: 1.0 };
        let expected = PerGroup { position: 2.0, shape: 1.0, color: 0.5 };
        assert_eq!(rates("0.5", before, &usual), expected);
    }

    #[test]
    fn named_learning_rates_leave_the_others() {
        let before = PerGroup { position: 1.0, shape: 2.0, color: 3.0 };
        let expected = PerGroup { position: 8.0, shape: 2.0, color: 7.0 };
        assert_eq!(rates("color=7, position=8", before, &PerGroup::default()), expected);
        assert!(LearningRates::from_str("size=1").unwrap_err().contains("position, shape, color"));
        assert!(LearningRates::from_str("color=1,color=2").unwrap_err().contains("twice"));
        assert!(LearningRates::from_str("color=1,shape").unwrap_err().contains("no value"));
    }

    #[test]
    fn the_commas_of_a_schedule_separate_no_settings() {
        let settings = parse_settings("beta1=0.9,rate=cosine(0.01,0),color.rate=0.5").unwrap();
        let names: Vec<&str> = settings.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["beta1", "rate", "color.rate"]);
        assert_eq!(settings[0].1, Value::Number(0.9));
        for (wrong, says) in [("beta1", "no value"), ("rate=fast", "fast"), ("rate=cos(1)", "cos")]
        {
            assert!(parse_settings(wrong).unwrap_err().contains(says), "{wrong}");
        }
    }

    #[test]
    fn loss_terms_have_weights() {
        assert_eq!(parse_loss("l2").unwrap(), Loss::default());
        let expected = Loss { l1: 0.2, l2: 0.8, ssim: 0.1 };
        assert_eq!(parse_loss("l1=0.2,l2=0.8,ssim=0.1").unwrap(), expected);
        assert!(parse_loss("l3").unwrap_err().contains("l1, l2, ssim"));
        assert!(parse_loss("").is_err());
    }

    #[test]
    fn groups_are_named_or_none() {
        let some = PerGroup { position: true, shape: false, color: true };
        assert_eq!(parse_groups("color, position"), Ok(some));
        assert_eq!(parse_groups("off"), Ok(PerGroup::default()));
        assert!(parse_groups("colour").unwrap_err().contains("position, shape, color"));
    }

    #[test]
    fn limits_can_be_off() {
        assert_eq!(OrOff::<u64>::from_str("off"), Ok(OrOff(None)));
        assert_eq!(OrOff::from_str("12"), Ok(OrOff(Some(12))));
        assert!(OrOff::<u64>::from_str("no").is_err());
    }
}
