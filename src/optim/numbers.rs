//! The numbers of one part of a method, for each group of parameters and at any time.

use std::collections::BTreeMap;

use super::part::Part;
use super::{Clock, Group, PerGroup, Value};

/// A part's settings as they are in one method.
#[derive(Clone, Debug)]
pub struct Numbers {
    part: &'static Part,
    values: PerGroup<Vec<Value>>,
}

impl Numbers {
    /// The part's defaults, but for what `settings` say: keys are `PART.SETTING`, or
    /// `GROUP.PART.SETTING` for one group.
    pub fn new(part: &'static Part, settings: &BTreeMap<String, Value>) -> Self {
        let of_group = |group: Group| {
            let value = |setting: &super::Setting| {
                let key = format!("{}.{}", part.name, setting.name);
                let own = settings.get(&format!("{}.{key}", group.name()));
                let shared = || settings.get(&key).cloned();
                let usual = match group {
                    Group::Color => setting.default,
                    Group::Position | Group::Shape => setting.geometry_default,
                };
                own.cloned().or_else(shared).unwrap_or(Value::Number(usual))
            };
            part.settings.iter().map(value).collect()
        };
        let values = PerGroup {
            position: of_group(Group::Position),
            shape: of_group(Group::Shape),
            color: of_group(Group::Color),
        };
        Self { part, values }
    }

    /// The part.
    pub fn part(&self) -> &'static Part {
        self.part
    }

    /// All numbers of each group, in the order of [`Part::settings`].
    pub fn at(&self, clock: &Clock<'_>) -> PerGroup<Vec<f32>> {
        self.values.map(|values| values.iter().map(|value| value.at(clock) as f32).collect())
    }

    /// The value in place `index`, of a part that knows no groups.
    pub fn value(&self, index: usize) -> &Value {
        &self.values.position[index]
    }

    /// The number in place `index`, of a part that knows no groups.
    pub fn get(&self, index: usize, clock: &Clock<'_>) -> f64 {
        self.values.position.get(index).map_or(f64::NAN, |value| value.at(clock))
    }

    /// The same, as a count that does not change.
    pub fn count(&self, index: usize) -> u64 {
        // Values are checked against the setting's range, which is far within a u64.
        self.get(index, &Clock::default()).round() as u64
    }
}
