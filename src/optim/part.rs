//! What a method is put together from, and what the command line says about each part.

use super::constraints::Constraint;
use super::numbers::Numbers;
use super::penalties::Penalty;
use super::wrappers::Wrapper;
use super::{Clock, Transform};

/// A part of a method: its name, its numbers, and how it is built.
#[derive(Clone, Copy)]
pub struct Part {
    /// Name on the command line and in files.
    pub name: &'static str,
    /// What kind of part it is.
    pub kind: Kind,
    /// What it does, in one line.
    pub help: &'static str,
    /// Who proposed it, and where.
    pub source: &'static str,
    /// Its numbers, in the order in which [`Numbers`] gives them.
    pub settings: &'static [Setting],
    /// Factor on the learning rates that are usual for Adam; rules only.
    pub rate: f64,
    /// What it asks of the loop around it.
    pub needs: Needs,
    /// Makes it.
    pub build: Build,
}

/// How a part is made from its numbers.
#[derive(Clone, Copy)]
pub enum Build {
    /// Links of the chain.
    Links(fn(&Numbers) -> Vec<Box<dyn Transform>>),
    /// Something around the steps.
    Wrapper(fn(&Numbers) -> Box<dyn Wrapper>),
    /// A set that the parameters are kept in.
    Constraint(fn(&Numbers) -> Box<dyn Constraint>),
    /// A term of the loss.
    Penalty(fn(&Numbers) -> Box<dyn Penalty>),
    /// A number over the iterations: from the schedule's own numbers to the value.
    Schedule(fn(&[f64], &Clock<'_>) -> f64),
    /// Not by a method, but by what runs whole fits, see [`crate::strategy`].
    Strategy,
}

/// Kinds of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Turns gradients into steps; a method has exactly one.
    Rule,
    /// Changes gradients before the rule sees them.
    Transform,
    /// Works around the rule's steps.
    Wrapper,
    /// Keeps parameters in a set.
    Constraint,
    /// Adds a term to the loss, or makes Gaussians rest.
    Regularizer,
    /// Gives a number for every iteration.
    Schedule,
    /// Searches in a way of its own, or lets methods follow each other; stands above methods.
    Strategy,
}

impl Kind {
    /// Every kind, in the order of the list.
    pub const ALL: [Self; 7] = [
        Self::Rule,
        Self::Transform,
        Self::Wrapper,
        Self::Constraint,
        Self::Regularizer,
        Self::Schedule,
        Self::Strategy,
    ];

    /// Name for people and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Transform => "transform",
            Self::Wrapper => "wrapper",
            Self::Constraint => "constraint",
            Self::Regularizer => "regularizer",
            Self::Schedule => "schedule",
            Self::Strategy => "strategy",
        }
    }
}

/// One number of a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Name, as in `--set NAME=VALUE`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub help: &'static str,
    /// Value where nothing else is asked for.
    pub default: f64,
    /// The same for positions and shapes.
    pub geometry_default: f64,
    /// Smallest and largest value.
    pub range: [f64; 2],
    /// Whether it may be its largest value; decays of one would never forget.
    pub closed: bool,
}

impl Setting {
    /// A number within a range, its ends included.
    pub const fn new(
        name: &'static str,
        help: &'static str,
        default: f64,
        range: [f64; 2],
    ) -> Self {
        Self { name, help, default, geometry_default: default, range, closed: true }
    }

    /// The share of the past that a running mean keeps: at least 0 and below 1.
    pub const fn decay(name: &'static str, help: &'static str, default: f64) -> Self {
        let whole = Self::new(name, help, default, [0.0, 1.0]);
        Self { closed: false, ..whole }
    }

    /// A number that is not negative.
    pub const fn amount(name: &'static str, help: &'static str, default: f64) -> Self {
        Self::new(name, help, default, [0.0, f64::MAX])
    }

    /// The same; for colours alone where nothing else is asked for.
    pub const fn of_colors(name: &'static str, help: &'static str, default: f64) -> Self {
        Self { geometry_default: 0.0, ..Self::amount(name, help, default) }
    }

    /// The same with another default, for all groups.
    pub const fn with_default(self, default: f64) -> Self {
        Self { default, geometry_default: default, ..self }
    }

    /// A number of iterations, at least 1.
    pub const fn iterations(name: &'static str, help: &'static str, default: f64) -> Self {
        Self::new(name, help, default, [1.0, 1e9])
    }

    /// Whether the number may have this value.
    pub fn takes(&self, value: f64) -> bool {
        let [low, high] = self.range;
        value.is_finite() && value >= low && (value < high || self.closed && value <= high)
    }

    /// The range in words.
    pub fn domain(&self) -> String {
        let [low, high] = self.range;
        match (high == f64::MAX, self.closed) {
            (true, _) if low == f64::MIN => "finite".into(),
            (true, _) if low == f64::MIN_POSITIVE => "finite and above 0".into(),
            (true, _) => format!("finite and at least {low}"),
            (false, true) => format!("between {low} and {high}"),
            (false, false) => format!("at least {low} and below {high}"),
        }
    }
}

/// What parts ask of the loop around them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The blocks of the Gauss-Newton matrix, and so the body frame.
    pub blocks: bool,
    /// Products with the whole Gauss-Newton matrix, and so the body frame.
    pub products: bool,
    /// Steps are whole ones that a line search shortens; else they are multiplied by the
    /// learning rates.
    pub line_search: bool,
    /// The parameters themselves, as coordinates.
    pub values: bool,
    /// Gradients of half the sum of squared differences in the place of gradients of the mean:
    /// for rules whose steps are in proportion to the gradient, so that one rate suits pictures
    /// of every size.
    pub sums: bool,
    /// Steps that are not searched for along a line: the part moves the parameters itself.
    pub plain_steps: bool,
    /// The body frame, for another reason.
    pub body_frame: bool,
    /// A loss that is a sum over pixels.
    pub pixel_sums: bool,
    /// The loss of every iteration so far; schedules only.
    pub losses: bool,
}

impl Needs {
    /// Nothing.
    pub const NONE: Self = Self {
        blocks: false,
        products: false,
        line_search: false,
        values: false,
        sums: false,
        plain_steps: false,
        body_frame: false,
        pixel_sums: false,
        losses: false,
    };

    /// What both ask for.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            blocks: self.blocks || other.blocks,
            products: self.products || other.products,
            line_search: self.line_search || other.line_search,
            values: self.values || other.values,
            sums: self.sums || other.sums,
            plain_steps: self.plain_steps || other.plain_steps,
            body_frame: self.body_frame || other.body_frame,
            pixel_sums: self.pixel_sums || other.pixel_sums,
            losses: self.losses || other.losses,
        }
    }

    /// Whether all that only works on body-frame coordinates.
    pub fn is_body_frame(self) -> bool {
        self.blocks || self.products || self.body_frame
    }
}

impl Part {
    /// A part with no numbers and no needs, to be filled in.
    pub const EMPTY: Self = Self {
        name: "",
        kind: Kind::Rule,
        help: "",
        source: "",
        settings: &[],
        rate: 1.0,
        needs: Needs::NONE,
        build: Build::Links(|_| Vec::new()),
    };

    /// Place of a setting among the part's numbers.
    pub fn setting(&self, name: &str) -> Option<usize> {
        self.settings.iter().position(|setting| setting.name == name)
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

impl PartialEq for Part {
    /// Names are unique.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }
}
