//! A recurrent controller that decides how a fit grows, learned by reinforcement.

use std::sync::{Arc, LazyLock};

use super::options::{DensityOptions, Policy};
use super::stages::{STAGES, Stage, Stages};
use crate::learned::{SequenceNetwork, Weights};

/// What a question says: its kind, its stage, passes, and pixels for each Gaussian.
const QUESTION: usize = KINDS + 3;

/// Choices of every question.
const CHOICES: usize = 4;

/// Values of state.
const HIDDEN: usize = 8;

type Network = SequenceNetwork<
    QUESTION,
    CHOICES,
    { CHOICES + QUESTION },
    HIDDEN,
    { CHOICES + QUESTION + HIDDEN },
>;

/// Kinds of questions: two at the start, four at every stage.
const KINDS: usize = 6;

/// Share of the Gaussians that a fit starts with.
const STARTS: [f32; CHOICES] = [0.15, 0.3, 0.45, 0.7];

/// Part of the fit from one revision to the next.
const INTERVALS: [f64; CHOICES] = [0.04, 0.06, 0.1, 0.15];

/// Weight of a stage's share of the Gaussians that come.
const BATCHES: [f32; CHOICES] = [0.0, 0.5, 1.0, 2.0];

/// Largest share of the Gaussians that a revision relocates.
const RELOCATIONS: [f32; CHOICES] = [0.0, 0.1, 0.2, 0.35];

/// Eagerness of a stage.
const EAGERNESSES: [f32; CHOICES] = [1.5, 3.0, 6.0, 12.0];

/// Factor on the largest size of what is placed.
const SCALES: [f32; CHOICES] = [0.5, 1.0, 2.0, 4.0];

/// Fewest iterations from one revision to the next.
const FEWEST: u64 = 4;

/// The weights that come with the crate; `docs/LEARNED.md` says how they were made.
static SHIPPED: LazyLock<Arc<[f32]>> = LazyLock::new(|| {
    let bytes = include_bytes!("controller.bin");
    match Weights::from_bytes(bytes, Controller::KIND, Controller::WEIGHTS) {
        Ok(weights) => weights.values.into(),
        // A test keeps the file readable.
        Err(_) => Controller::untrained().into(),
    }
});

/// A recurrent network that emits a plan of growth decision by decision, before the fit starts:
/// how many Gaussians there are at first, how often they are revised, and for each of five
/// stages how many come, how many are moved, how eagerly, and how large new ones may be.
///
/// It is trained by REINFORCE on the PSNR of the fits that follow its plans, as controllers are
/// for architectures (Zoph and Le 2017, arXiv:1611.01578). What it gives are options as anyone
/// could have set them, so that a fit knows nothing of it.
#[derive(Clone, Debug)]
pub struct Controller {
    weights: Arc<[f32]>,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// Passes of the fit.
    pub iterations: u64,
    /// Pixels of the picture.
    pub pixels: usize,
    /// Gaussians in the end.
    pub gaussians: usize,
}

impl Controller {
    /// The kind of its weights.
    pub const KIND: &'static str = "controller-1";

    /// Their number.
    pub const WEIGHTS: usize = Network::WEIGHTS;

    /// The controller with these weights, [`Self::WEIGHTS`] of them.
    pub fn new(weights: Arc<[f32]>) -> Self {
        Self { weights }
    }

    /// The controller that comes with the crate.
    pub fn shipped() -> Self {
        Self::new(SHIPPED.clone())
    }

    /// Weights from which training starts.
    pub fn untrained() -> Vec<f32> {
        (0..Self::WEIGHTS as u64).map(|place| 0.3 * crate::normal::at(3, place) as f32).collect()
    }

    /// The likeliest plan.
    pub fn plan(&self, prospect: &Prospect) -> DensityOptions {
        let likeliest = |probabilities: &[f32; CHOICES]| {
            (1..CHOICES).fold(
                0,
                |best, k| {
                    if probabilities[k] > probabilities[best] { k } else { best }
                },
            )
        };
        let choices = Network::answer(&self.weights, &questions(prospect), likeliest);
        options(&choices, prospect.iterations)
    }

    /// A plan drawn with numbers of 0..1.
    pub fn draw(
        weights: &[f32],
        prospect: &Prospect,
        uniform: &mut dyn FnMut() -> f64,
    ) -> Vec<usize> {
        Network::answer(weights, &questions(prospect), |probabilities| {
            let mut left = uniform() as f32;
            for (choice, probability) in probabilities.iter().enumerate() {
                left -= probability;
                if left < 0.0 {
                    return choice;
                }
            }
            CHOICES - 1
        })
    }

    /// Adds `scale` times the derivative of the logarithm of a plan's probability.
    pub fn add_log_gradient(
        weights: &[f32],
        prospect: &Prospect,
        choices: &[usize],
        scale: f32,
        gradient: &mut [f32],
    ) {
        Network::add_log_gradient(weights, &questions(prospect), choices, scale, gradient);
    }
}

fn questions(prospect: &Prospect) -> Vec<[f32; QUESTION]> {
    let Prospect { iterations, pixels, gaussians } = *prospect;
    let passes = (iterations.max(1) as f32 / 150.0).log2();
    let sparsity = 0.5 * (pixels.max(1) as f32 / (65.0 * gaussians.max(1) as f32)).log2();
    let question = |(kind, stage): (usize, usize)| {
        let mut question = [0.0; QUESTION];
        question[kind] = 1.0;
        question[KINDS..].copy_from_slice(&[stage as f32 / STAGES as f32, passes, sparsity]);
        question
    };
    let of_stages = (0..STAGES).flat_map(|stage| (2..KINDS).map(move |kind| (kind, stage)));
    [(0, 0), (1, 0)].into_iter().chain(of_stages).map(question).collect()
}

/// The options that choices stand for.
pub fn options(choices: &[usize], iterations: u64) -> DensityOptions {
    let choice = |place: usize| choices.get(place).copied().unwrap_or(1).min(CHOICES - 1);
    let batches: [f32; STAGES] = std::array::from_fn(|stage| BATCHES[choice(2 + 4 * stage)]);
    let all: f32 = batches.iter().sum();
    let mut there = 0.0;
    let stages = std::array::from_fn(|stage| {
        there += batches[stage];
        let place = 2 + 4 * stage;
        Stage {
            // Those that no stage wants come in the first.
            there: if all > 0.0 { there / all } else { 1.0 },
            relocate: RELOCATIONS[choice(place + 1)],
            eagerness: EAGERNESSES[choice(place + 2)],
            scale: SCALES[choice(place + 3)],
        }
    });
    let every = (INTERVALS[choice(1)] * iterations as f64).round() as u64;
    DensityOptions {
        start: STARTS[choice(0)],
        every: every.max(FEWEST),
        grow_until: Stages::WHOLE as f32,
        relocate_until: Stages::WHOLE as f32,
        policy: Policy::Rules,
        stages: Some(Stages(stages)),
        ..DensityOptions::FIXED
    }
}
