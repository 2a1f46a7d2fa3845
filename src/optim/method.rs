//! A method: the parts that one optimizer is put together from, as text.

use std::str::FromStr;

use super::part::{Kind, Needs, Part};
use super::registry::{self, ALIASES};
use crate::error::{Error, Result};

/// One update rule and whatever goes with it, such as `clip-l2,lookahead,adam`.
///
/// Gradients go through the transforms in their order and then the rule; wrappers, constraints
/// and regularizers stand anywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    parts: Vec<&'static Part>,
    rule: &'static Part,
}

impl Method {
    /// The parts, in the order in which they are written.
    pub fn parts(&self) -> &[&'static Part] {
        &self.parts
    }

    /// The update rule.
    pub fn rule(&self) -> &'static Part {
        self.rule
    }

    /// What the parts ask of the loop around them.
    pub fn needs(&self) -> Needs {
        self.parts.iter().fold(Needs::NONE, |needs, part| needs.or(part.needs))
    }

    /// Factor on the learning rates that are usual for Adam.
    pub fn rate(&self) -> f64 {
        // Natural gradients are whole steps already.
        if self.rule.needs.sums && !self.sums() { 1.0 } else { self.rule.rate }
    }

    /// Whether the rule sees gradients of sums: it asks for them, and no transform has given them
    /// a scale of their own.
    pub fn sums(&self) -> bool {
        let scaled = |part: &Part| part.kind == Kind::Transform && part.needs.blocks;
        self.rule.needs.sums && !self.parts.iter().any(|part| scaled(part))
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts: Vec<&'static Part> = Vec::new();
        for name in text.split(',').map(str::trim) {
            let alias = ALIASES.iter().find(|alias| alias.name == name);
            for name in alias.map_or(name, |alias| alias.parts).split(',') {
                let part = registry::part(name)?;
                if parts.contains(&part) {
                    return Err(Error::Invalid(format!("method {text:?} has {name} twice")));
                }
                parts.push(part);
            }
        }
        let rules: Vec<_> = parts.iter().filter(|part| part.kind == Kind::Rule).collect();
        let rule = match rules[..] {
            [rule] => *rule,
            [] => {
                return Err(Error::Invalid(format!(
                    "method {text:?} has no update rule, such as \"{text},adam\""
                )));
            }
            [first, second, ..] => {
                return Err(Error::Invalid(format!(
                    "method {text:?} has two update rules, {} and {}",
                    first.name, second.name
                )));
            }
        };
        let method = Self { rule, parts };
        let needs = method.needs();
        let moving = method.parts.iter().find(|part| part.needs.plain_steps);
        match moving.filter(|_| needs.line_search) {
            None => Ok(method),
            Some(part) => Err(Error::Invalid(format!(
                "{} does not go with {}, whose line search chooses every step",
                part.name, rule.name
            ))),
        }
    }
}
