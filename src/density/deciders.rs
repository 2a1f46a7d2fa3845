//! Who can decide how Gaussians come and go.

/// A way to decide, as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decider {
    /// Name on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Who proposed it, and where.
    pub source: &'static str,
}

/// All of them, the usual one first.
pub const DECIDERS: &[Decider] = &[
    Decider {
        name: "rules",
        help: "growth and relocation by exact costs and gains",
        source: "Mallat and Zhang 1993; Kerbl et al. 2023, arXiv:2308.04079",
    },
    Decider {
        name: "lifecycle",
        help: "the same, weighed by a learned policy: keep, prune, merge, split",
        source: "Sehnke et al. 2010",
    },
    Decider {
        name: "controller",
        help: "growth planned by a recurrent network that reinforcement trained",
        source: "Zoph and Le 2017, arXiv:1611.01578",
    },
];
