//! `lgi methods`: what fits can be made with.

use clap::Args;
use lgi::density::{DECIDERS, Decider};
use lgi::optim::registry::{self, ALIASES, Alias};
use lgi::optim::{Kind, Part, Setting};
use lgi::strategy::{self, CURRICULUM};
use serde::Serialize;

use super::failure::{Failure, Result};
use super::{output, report};

const EXAMPLES: &str = "\
Examples:
  lgi methods
  lgi methods adam
  lgi encode photo.png --method clip-l2,lookahead,adam --set lookahead.every=5
  lgi encode photo.png --method annealing:50+lbfgs:200 --set annealing.sigma=0.2
  lgi encode photo.png --method sgd --set \"rate=cosine(0.1,0)\" --set color.rate=0.02";

/// List what --method, --set and --density can name
///
/// Update rules, and the transforms, wrappers, constraints and regularizers that go around them;
/// schedules for any number; strategies, that stand above them; names for several of them; and who
/// can decide on density. With a name, also its numbers.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct MethodsArguments {
    /// Show these alone, with their numbers
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Write one JSON object per method to standard output
    #[arg(long)]
    json: bool,
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    source: &'static str,
    /// What an alias stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<&'static str>,
    settings: Vec<ListedSetting>,
}

#[derive(Serialize)]
struct ListedSetting {
    name: &'static str,
    help: &'static str,
    default: f64,
    domain: String,
}

impl From<&'static Part> for Listed {
    fn from(part: &'static Part) -> Self {
        Self {
            name: part.name,
            kind: part.kind.name(),
            help: part.help,
            source: part.source,
            parts: None,
            settings: part.settings.iter().map(ListedSetting::from).collect(),
        }
    }
}

impl From<&'static Alias> for Listed {
    fn from(alias: &'static Alias) -> Self {
        Self {
            name: alias.name,
            kind: "alias",
            help: alias.help,
            source: alias.source,
            parts: Some(alias.parts),
            settings: Vec::new(),
        }
    }
}

impl From<&'static Decider> for Listed {
    fn from(decider: &'static Decider) -> Self {
        let Decider { name, help, source } = *decider;
        Self { name, kind: "density", help, source, parts: None, settings: Vec::new() }
    }
}

impl From<&'static Setting> for ListedSetting {
    fn from(setting: &'static Setting) -> Self {
        let Setting { name, help, default, .. } = *setting;
        Self { name, help, default, domain: setting.domain() }
    }
}

/// Lists all methods, or those that are named.
///
/// # Errors
/// [`Failure::Usage`] if there is none of a name; as [`output::line`].
pub fn run(arguments: &MethodsArguments) -> Result<()> {
    let all = || {
        let of_kind = |kind| registry::parts().filter(move |part| part.kind == kind);
        let parts = Kind::ALL.into_iter().flat_map(of_kind).map(Listed::from);
        let parts = parts.chain([Listed::from(&CURRICULUM)]);
        let strategies = strategy::all().map(|strategy| Listed::from(&strategy.part));
        let aliases = ALIASES.iter().map(Listed::from);
        parts.chain(strategies).chain(aliases).chain(DECIDERS.iter().map(Listed::from))
    };
    let chosen: Vec<Listed> = if arguments.names.is_empty() {
        all().collect()
    } else {
        let named = arguments.names.iter().map(|name| {
            let found = all().find(|listed| listed.name == name);
            found.ok_or_else(|| Failure::of_option(&strategy::unknown(name)))
        });
        named.collect::<Result<_>>()?
    };
    for listed in &chosen {
        if arguments.json {
            report::json(listed)?;
            continue;
        }
        output::line(&line(listed))?;
        for setting in listed.settings.iter().filter(|_| !arguments.names.is_empty()) {
            output::line(&setting_line(setting))?;
        }
    }
    Ok(())
}

fn line(Listed { name, kind, help, source, parts, .. }: &Listed) -> String {
    let parts = parts.map(|parts| format!(" = {parts}")).unwrap_or_default();
    let source = if *source == "-" { String::new() } else { format!(" ({source})") };
    format!("{name:<20} {kind:<12} {help}{parts}{source}")
}

fn setting_line(ListedSetting { name, help, default, domain }: &ListedSetting) -> String {
    format!("    {name:<16} {help}; {domain} [default: {default}]")
}
