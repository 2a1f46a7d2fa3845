//! Experiments that are part of the program. A new one is a text in `builtin/` and a line here.

use super::specification::Experiment;
use crate::error::{Error, Result};

/// An experiment by name.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Name on the command line.
    pub name: &'static str,
    /// The whole of it, as TOML.
    pub text: &'static str,
}

/// All of them.
pub const ALL: &[BuiltIn] = &[
    BuiltIn { name: "divergence", text: include_str!("builtin/divergence.toml") },
    BuiltIn { name: "adam", text: include_str!("builtin/adam.toml") },
    BuiltIn { name: "covariance", text: include_str!("builtin/covariance.toml") },
    BuiltIn { name: "optimizers", text: include_str!("builtin/optimizers.toml") },
    BuiltIn { name: "strategies", text: include_str!("builtin/strategies.toml") },
    BuiltIn { name: "starts", text: include_str!("builtin/starts.toml") },
    BuiltIn { name: "schedules", text: include_str!("builtin/schedules.toml") },
    BuiltIn { name: "claims", text: include_str!("builtin/claims.toml") },
];

impl BuiltIn {
    /// The one called `name`.
    ///
    /// # Errors
    /// [`Error::Invalid`] listing the names if there is none.
    pub fn named(name: &str) -> Result<&'static Self> {
        ALL.iter().find(|built_in| built_in.name == name).ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|built_in| built_in.name).collect();
            Error::Invalid(format!(
                "there is no experiment {name:?}; there are {}, and files that end in .toml",
                names.join(", ")
            ))
        })
    }

    /// The experiment.
    ///
    /// # Errors
    /// As [`Experiment::parse`].
    pub fn experiment(&self) -> Result<Experiment> {
        Experiment::parse(self.text)
    }
}
