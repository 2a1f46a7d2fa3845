//! Everything that defines an optimizer, and how it is built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::method::Method;
use super::numbers::Numbers;
use super::optimizer::Optimizer;
use super::part::{Build, Kind, Setting};
use super::schedule::Schedule;
use super::transforms::{learning_rate, sums};
use super::{Chain, Clock, Group, PerGroup, Transform, Value, names, registry};
use crate::error::{Error, Result};

/// The setting that every rule has: what its steps are multiplied by.
const RATE: &str = "rate";

/// Learning rates have no part of their own.
const RATE_RANGE: Setting = Setting::amount(RATE, "learning rate", 1.0);

/// Everything that defines an optimizer.
///
/// ```
/// # use lgi::optim::{Clock, OptimizerOptions, schedule::Closure};
/// # fn main() -> lgi::Result<()> {
/// let options = OptimizerOptions::of("clip-l2,lookahead,adam")?
///     .with("clip-l2.limit", 1e-3)?
///     .with("color.beta1", 0.9)?
///     .with("rate", Closure::new("falling", |clock: &Clock| 0.1 / (1.0 + clock.progress())))?;
/// options.check()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimizerOptions {
    /// The method: an update rule of [`registry`], or a rule and what goes with it, joined by
    /// commas.
    pub rule: String,
    /// Base learning rates in the units of the parameterisation, as they suit Adam: every rule
    /// has a factor of its own. Settings called `rate` stand in their place.
    pub learning_rate: PerGroup<f32>,
    /// What differs from the parts' own defaults: `PART.SETTING` or `GROUP.PART.SETTING`, and
    /// `rate` or `GROUP.rate`.
    pub settings: BTreeMap<String, Value>,
    /// Factor on the learning rates over the iterations.
    pub schedule: Schedule,
}

impl Default for OptimizerOptions {
    /// Adam for the body frame.
    fn default() -> Self {
        Self {
            rule: "adam".into(),
            learning_rate: PerGroup { position: 0.4, shape: 0.1, color: 0.02 },
            settings: BTreeMap::new(),
            schedule: Schedule::default(),
        }
    }
}

/// A name split into group, part and setting.
struct Key<'a> {
    group: Option<Group>,
    part: Option<&'a str>,
    setting: &'a str,
}

impl<'a> Key<'a> {
    fn parse(text: &'a str) -> Self {
        let of = |name: &str| Group::ALL.into_iter().find(|group| group.name() == name);
        let (path, setting) = text.rsplit_once('.').unwrap_or(("", text));
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        match of(first) {
            Some(group) => Self { group: Some(group), part: some(rest), setting },
            None => Self { group: None, part: some(path), setting },
        }
    }

    fn stored(&self, part: &str) -> String {
        let whole = if part.is_empty() {
            self.setting.to_owned()
        } else {
            format!("{part}.{}", self.setting)
        };
        self.group.map_or(whole.clone(), |group| format!("{}.{whole}", group.name()))
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl OptimizerOptions {
    /// The usual options for a method.
    ///
    /// # Errors
    /// As [`Self::method`].
    pub fn of(method: &str) -> Result<Self> {
        let options = Self { rule: method.into(), ..Self::default() };
        options.method()?;
        Ok(options)
    }

    /// The same with one setting changed, see [`Self::set`].
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Result<Self> {
        self.set(name, value)?;
        Ok(self)
    }

    /// Changes a setting of the method's parts: `beta1`, `adam.beta1`, or for one group
    /// `color.beta1`. `rate` is the learning rate of all groups, `color.rate` of one. What is said
    /// of a group wins over what is said of all, in whatever order.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no part of the method has such a setting, several have, or the value
    /// is out of its range.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<()> {
        let (key, value) = (Key::parse(name), value.into());
        if key.part.is_none() && key.setting == RATE {
            check_value(name, &RATE_RANGE, &value)?;
            self.settings.insert(key.stored(""), value);
            return Ok(());
        }
        let part = owner(self.method()?.parts(), name, &self.rule)?;
        self.set_of(part, name, value)
    }

    /// Whether a setting is a learning rate, that belongs to no part.
    pub fn is_rate(name: &str) -> bool {
        let key = Key::parse(name);
        key.part.is_none() && key.setting == RATE
    }

    /// Changes a setting of one part, whether the method has it or not.
    ///
    /// # Errors
    /// As [`check_setting`].
    pub fn set_of(
        &mut self,
        part: &'static super::Part,
        name: &str,
        value: impl Into<Value>,
    ) -> Result<()> {
        let value = value.into();
        check_setting(part, name, &value)?;
        self.settings.insert(full_name(part, name), value);
        Ok(())
    }

    /// Sets the base learning rates, in the place of what settings say about rates.
    pub fn set_learning_rate(&mut self, rates: PerGroup<f32>) {
        self.learning_rate = rates;
        self.settings.retain(|key, _| key != RATE && !key.ends_with(".rate"));
    }

    /// Puts a part in front of the method, or takes it away.
    pub fn set_part(&mut self, part: &str, wanted: bool) {
        let others: Vec<&str> = self.rule.split(',').filter(|name| name.trim() != part).collect();
        let others = others.join(",");
        self.rule = if wanted { format!("{part},{others}") } else { others };
    }

    /// Checks every name and number.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the option and the value.
    pub fn check(&self) -> Result<()> {
        self.method()?;
        for (group, rate) in self.learning_rate.iter() {
            if !rate.is_finite() || *rate < 0.0 {
                return Err(Error::Invalid(format!(
                    "learning rate ({}) must be finite and not negative, not {rate}",
                    group.name()
                )));
            }
        }
        for (name, value) in &self.settings {
            let key = Key::parse(name);
            if key.part.is_none() && key.setting == RATE {
                check_value(name, &RATE_RANGE, value)?;
                continue;
            }
            // Of parts that the method may not have, or no longer.
            check_setting(registry::part(key.part.unwrap_or_default())?, name, value)?;
        }
        Ok(())
    }

    /// The method.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing near names if there is none of a name, or if the parts do not
    /// go together.
    pub fn method(&self) -> Result<Method> {
        self.rule.parse()
    }

    /// The learning rates at this time: base or `rate` setting, the rule's own factor, schedule.
    /// A setting that is a schedule itself stands in the place of the general one.
    pub fn rates(&self, rule_factor: f64, clock: &Clock<'_>) -> PerGroup<f32> {
        let factor = self.schedule.at(clock) as f32;
        let mut rates = self.learning_rate.map(|rate| rate * rule_factor as f32 * factor);
        for (group, rate) in rates.iter_mut() {
            let own = self.settings.get(&format!("{}.{RATE}", group.name()));
            match own.or_else(|| self.settings.get(RATE)) {
                None => {}
                Some(Value::Number(value)) => *rate = *value as f32 * factor,
                Some(schedule) => *rate = schedule.at(clock) as f32,
            }
        }
        rates
    }

    /// Whether any number may depend on the losses so far, and not on the iteration alone.
    pub fn follows_losses(&self) -> bool {
        self.schedule.follows_losses() || self.settings.values().any(Value::follows_losses)
    }

    /// Puts the method together.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn build(&self) -> Result<Optimizer> {
        self.build_with(None)
    }

    /// The same with other links in the place of the rule's own: a rule made in code, such as one
    /// that is being trained. It has what the method's rule asks the loop for.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn build_with_rule(&self, rule: Vec<Box<dyn Transform>>) -> Result<Optimizer> {
        self.build_with(Some(rule))
    }

    fn build_with(&self, mut rule: Option<Vec<Box<dyn Transform>>>) -> Result<Optimizer> {
        self.check()?;
        let method = self.method()?;
        let mut links: Vec<Box<dyn Transform>> = Vec::new();
        let mut optimizer = Optimizer::new(method.clone());
        let transforms = method.parts().iter().filter(|part| part.kind != Kind::Rule);
        for part in transforms.chain([&method.rule()]) {
            let numbers = Numbers::new(part, &self.settings);
            if part.kind == Kind::Rule && method.sums() {
                links.push(sums::link());
            }
            match part.build {
                Build::Links(build) => {
                    let own = rule.take_if(|_| part.kind == Kind::Rule);
                    links.extend(own.unwrap_or_else(|| build(&numbers)));
                }
                Build::Wrapper(build) => optimizer.wrappers.push(build(&numbers)),
                Build::Constraint(build) => optimizer.constraints.push(build(&numbers)),
                Build::Penalty(build) => optimizer.penalties.push(build(&numbers)),
                // The registry gives none for a method.
                Build::Schedule(_) | Build::Strategy => {}
            }
        }
        if !method.needs().line_search {
            links.push(learning_rate::link());
        }
        optimizer.chain = Chain::new(links);
        Ok(optimizer)
    }
}

/// A setting's name in full, as it is stored: `color.beta1` of `adam` is `color.adam.beta1`.
pub fn full_name(part: &super::Part, name: &str) -> String {
    Key::parse(name).stored(part.name)
}

/// The name of the same setting for all groups, of one that is for one group.
pub fn of_all_groups(name: &str) -> Option<&str> {
    let group = Key::parse(name).group?;
    name.strip_prefix(group.name())?.strip_prefix('.')
}

/// What a setting of `part` is where nothing is said.
pub fn default_of(part: &super::Part, name: &str) -> Option<f64> {
    let key = Key::parse(name);
    let setting = &part.settings[part.setting(key.setting)?];
    match key.group {
        Some(Group::Position | Group::Shape) => Some(setting.geometry_default),
        Some(Group::Color) | None => Some(setting.default),
    }
}

/// The part that a setting's name has in it, if any.
pub fn part_in(name: &str) -> Option<&str> {
    Key::parse(name).part
}

/// The one of `parts` whose setting `name` is: `beta1`, `adam.beta1`, `color.adam.beta1`.
/// `method` is what messages call them all together.
///
/// # Errors
/// [`Error::Invalid`] if none has such a setting, or several have.
pub fn owner(
    parts: &[&'static super::Part],
    name: &str,
    method: &str,
) -> Result<&'static super::Part> {
    let key = Key::parse(name);
    let of_part = |part: &str| key.part.is_none_or(|wanted| wanted == part);
    let has = |part: &&&super::Part| of_part(part.name) && part.setting(key.setting).is_some();
    let mut owners = parts.iter().filter(has);
    let Some(part) = owners.next() else {
        let every = parts.iter().flat_map(|part| {
            part.settings.iter().map(|setting| format!("{}.{}", part.name, setting.name))
        });
        let known: Vec<String> = every.chain([RATE.to_owned()]).collect();
        let what = format!("setting of method {method}");
        return Err(names::unknown(&what, name, known.iter().map(String::as_str)));
    };
    match owners.next() {
        None => Ok(part),
        Some(other) => Err(Error::Invalid(format!(
            "{name:?} may be {}.{setting} or {}.{setting}",
            part.name,
            other.name,
            setting = key.setting
        ))),
    }
}

/// Checks what a setting of `part` is set to.
///
/// # Errors
/// [`Error::Invalid`] if it has no such setting, or the value is out of its range.
pub fn check_setting(part: &super::Part, name: &str, value: &Value) -> Result<()> {
    let key = Key::parse(name);
    let Some(index) = part.setting(key.setting) else {
        let known = part.settings.iter().map(|setting| setting.name);
        return Err(names::unknown(&format!("setting of {}", part.name), key.setting, known));
    };
    check_value(name, &part.settings[index], value)
}

/// Checks a number, or a schedule at its ends.
fn check_value(name: &str, setting: &Setting, value: &Value) -> Result<()> {
    if let Value::Closure(closure) = value {
        if closure.is_there() {
            return Ok(());
        }
        return Err(Error::Invalid(format!(
            "{name} is the function {closure} of the program that wrote it, which has to give it \
             again"
        )));
    }
    for iteration in [0, 1] {
        let number = value.at(&Clock { iteration, iterations: 1, losses: &[] });
        if !setting.takes(number) {
            let domain = setting.domain();
            return Err(Error::Invalid(format!("{name} must be {domain}, not {number}")));
        }
    }
    Ok(())
}
