//! Trains what is learned in this crate, and compares it with what is not. See `docs/LEARNED.md`.
//!
//! ```text
//! cargo run --release --example learned -- train-rule PICTURES -o src/optim/rules/learned.bin
//! cargo run --release --example learned -- compare-rule PICTURES
//! ```

mod crops;
mod density;
mod fits;
mod rule;
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Train what is learned, and compare it with what is not
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Train the update rule by evolution strategies
    TrainRule(TrainArguments),
    /// Train the lifecycle policy by evolution strategies
    TrainLifecycle(TrainArguments),
    /// Train the controller of growth by reinforcement
    TrainController(TrainArguments),
    /// Tune Adam on crops of training pictures
    GridRule(CompareArguments),
    /// Compare the update rule with others on the middles of pictures
    CompareRule(CompareArguments),
    /// Compare the lifecycle policy and the controller with the rules
    CompareDensity(CompareArguments),
}

/// What all trainings take.
#[derive(Args)]
pub struct TrainArguments {
    /// Pictures, or folders of them
    #[arg(required = true)]
    pictures: Vec<PathBuf>,

    /// Weights file to write
    #[arg(short, long)]
    output: PathBuf,

    /// State of the training: written every few generations, gone on from where it is there
    #[arg(long)]
    state: Option<PathBuf>,

    /// Minutes to train
    #[arg(long, default_value_t = 20.0)]
    minutes: f64,

    /// Generations after which training ends in any case
    #[arg(long)]
    generations: Option<u64>,

    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Antithetic pairs, or samples, of a generation
    #[arg(long, default_value_t = 16)]
    pairs: usize,

    /// Standard deviation of the tries
    #[arg(long, default_value_t = 0.05)]
    spread: f64,

    /// Size of a step
    #[arg(long, default_value_t = 0.01)]
    rate: f64,

    /// Side of the crops in pixels; there is a Gaussian for every 65 pixels
    #[arg(long, default_value_t = 128)]
    side: usize,
}

/// What all comparisons take.
#[derive(Args)]
pub struct CompareArguments {
    /// Pictures, or folders of them
    #[arg(required = true)]
    pictures: Vec<PathBuf>,

    /// Side of the crops in pixels
    #[arg(long, default_value_t = 256)]
    side: usize,

    /// Number of Gaussians
    #[arg(long, default_value_t = 1000)]
    gaussians: usize,

    /// Passes
    #[arg(long, default_value_t = 50)]
    passes: u64,

    /// Seeds
    #[arg(long, default_value_t = 1)]
    seeds: u64,

    /// Weights of the rule or of the policy to use in the place of those of the crate
    #[arg(long)]
    weights: Option<PathBuf>,

    /// The same of the controller
    #[arg(long)]
    controller: Option<PathBuf>,
}

fn main() -> Result<()> {
    match Arguments::parse().verb {
        Verb::TrainRule(arguments) => rule::train(&arguments),
        Verb::TrainLifecycle(arguments) => density::train_lifecycle(&arguments),
        Verb::TrainController(arguments) => density::train_controller(&arguments),
        Verb::GridRule(arguments) => rule::grid(&arguments),
        Verb::CompareRule(arguments) => rule::compare(&arguments),
        Verb::CompareDensity(arguments) => density::compare(&arguments),
    }
}
