//! The list of everything that a method can be put together from.

use super::part::{Kind, Part};
use super::{constraints, names, penalties, rules, schedule, transforms, wrappers};
use crate::error::{Error, Result};

/// A name for several parts.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// Name on the command line and in files.
    pub name: &'static str,
    /// The parts, as a method is written.
    pub parts: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Who proposed it, and where.
    pub source: &'static str,
}

/// Names for several parts.
pub const ALIASES: &[Alias] = &[
    Alias {
        name: "natural-adam",
        parts: "natural-gradient,adam",
        help: "Adam on the natural gradient",
        source: "Amari 1998; Kingma and Ba 2015",
    },
    Alias {
        name: "natural-descent",
        parts: "natural-gradient,sgd",
        help: "plain descent along the natural gradient",
        source: "Amari 1998",
    },
    Alias {
        name: "natural-cg-descent",
        parts: "natural-cg,sgd",
        help: "plain descent along the natural gradient of the whole picture",
        source: "Martens 2010",
    },
    Alias {
        name: "hessian-free",
        parts: "levenberg-marquardt",
        help: "damped Gauss-Newton steps by conjugate gradients",
        source: "Martens 2010",
    },
];

/// Every part, kind by kind.
pub fn parts() -> impl Iterator<Item = &'static Part> {
    let lists = [
        rules::ALL,
        transforms::ALL,
        wrappers::ALL,
        constraints::ALL,
        penalties::ALL,
        wrappers::REGULARIZERS,
        schedule::ALL,
    ];
    lists.into_iter().flatten().copied()
}

/// The update rules.
pub fn rules() -> impl Iterator<Item = &'static Part> {
    parts().filter(|part| part.kind == Kind::Rule)
}

/// The part of a method called `name`; schedules are none.
///
/// # Errors
/// [`Error::Invalid`] listing near names if there is none.
pub fn part(name: &str) -> Result<&'static Part> {
    let mut parts = parts().filter(|part| part.kind != Kind::Schedule);
    parts.find(|part| part.name == name).ok_or_else(|| {
        let parts = self::parts().filter(|part| part.kind != Kind::Schedule);
        not_among(name, parts)
    })
}

fn not_among(name: &str, parts: impl Iterator<Item = &'static Part>) -> Error {
    let aliases = ALIASES.iter().map(|alias| alias.name);
    names::unknown("method", name, parts.map(|part| part.name).chain(aliases))
}
