//! A schedule that is a function of a program.

use std::fmt::{Debug, Display, Formatter};
use std::sync::Arc;

use crate::optim::Clock;

type Function = dyn Fn(&Clock<'_>) -> f64 + Send + Sync;

/// Any function of the time, under a name of its own.
///
/// Checkpoints store the name alone: who goes on from one gives the function again.
#[derive(Clone)]
pub struct Closure {
    name: String,
    function: Option<Arc<Function>>,
}

impl Closure {
    /// The function called `name`.
    pub fn new(name: &str, function: impl Fn(&Clock<'_>) -> f64 + Send + Sync + 'static) -> Self {
        Self { name: name.into(), function: Some(Arc::new(function)) }
    }

    /// What is left of one in a file, if `text` is one.
    pub(in crate::optim) fn missing(text: &str) -> Option<Self> {
        let name = text.strip_prefix("closure(")?.strip_suffix(')')?;
        Some(Self { name: name.into(), function: None })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the function itself is there, not just its name.
    pub fn is_there(&self) -> bool {
        self.function.is_some()
    }

    /// The value at this time.
    pub fn at(&self, clock: &Clock<'_>) -> f64 {
        self.function.as_ref().map_or(f64::NAN, |function| function(clock))
    }
}

impl Debug for Closure {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        Display::fmt(self, f)
    }
}

impl Display for Closure {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "closure({})", self.name)
    }
}

impl PartialEq for Closure {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
