//! A rule that was learned: a small recurrent network for every number.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::learned::{Dense, GatedCell, Weights};
use crate::optim::part::{Build, Needs, Part};
use crate::optim::{Clock, Flow, Groups, RowMap, Step, Transform, saved};

/// See [`Learned`].
pub const PART: Part = Part {
    name: "learned",
    help: "a recurrent network over the natural gradient's history, trained on fits of photographs",
    source: "Andrychowicz et al. 2016, arXiv:1606.04474; Metz et al. 2020, arXiv:2009.11243",
    needs: Needs { blocks: true, ..Needs::NONE },
    build: Build::Links(|_| vec![Box::new(Learned::new(SHIPPED.clone()))]),
    ..Part::EMPTY
};

/// Values that the network sees of every number, and those that it remembers.
const INPUTS: usize = 14;
const STATE: usize = 4;
const JOINED: usize = INPUTS + STATE;

/// Logarithm of the step's size, and the shares of the gradient and of its two means.
const OUTPUTS: usize = 4;

type Cell = GatedCell<INPUTS, STATE, JOINED>;
type Head = Dense<JOINED, OUTPUTS>;

/// Numbers of each group beside the network: logarithm of the step's size, how far steps go
/// with the size of the gradient, three decays, three shares.
const OF_GROUP: usize = 8;

/// The decays of the fast and of the slow mean and of the mean square.
const DECAYS: Range<usize> = 2..5;
const SHARES: Range<usize> = 5..8;

/// Running means of every number: fast, slow, and of the square.
const MEANS: usize = 3;

/// Values that are remembered of every number.
const MEMORY: usize = MEANS + STATE;

/// Numbers worked on side by side.
const LANES: usize = 16;

/// Least number of such batches in one task; the result does not depend on it.
const CHUNK: usize = 32;

/// Least mean square of the gradient.
const SMALLEST_SQUARE: f32 = 1e-20;

/// By how many factors of e the network makes a step longer or shorter at most.
const SIZING: f32 = 3.0;

/// Largest ratio of a gradient to its root mean square that is believed.
const LARGEST_RATIO: f32 = 4.0;

/// The weights that come with the crate; `docs/LEARNED.md` says how they were made.
static SHIPPED: LazyLock<Arc<[f32]>> = LazyLock::new(|| {
    let bytes = include_bytes!("learned.bin");
    match Weights::from_bytes(bytes, Learned::KIND, Learned::WEIGHTS) {
        Ok(weights) => weights.values.into(),
        // A test keeps the file readable.
        Err(_) => Learned::untrained().into(),
    }
});

/// Steps along a mix of the natural gradient and two of its running means, all over its root mean
/// square. What is mixed and how far it goes comes from a gated recurrent cell, whose weights are
/// those of all numbers.
///
/// The network sees only what does not change when the picture is turned into its negative:
/// sizes of the gradient and its means, whether they agree, the size at the whole Gaussian, how
/// the loss and the group's direction changed, and how much of the fit is left. It scales steps
/// that are odd in the gradient, so that it cannot prefer a direction. With the network silent the
/// rule is Adam on the natural gradient: the nominal term that keeps learned rules
/// stable (Harrison et al. 2022, arXiv:2209.11208).
#[derive(Debug)]
pub struct Learned {
    weights: Arc<[f32]>,
    state: State,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Updates that each Gaussian has seen, `[N]`.
    age: Vec<u32>,
    /// [`MEMORY`] values of every number: the means, then the cell's state.
    memory: Groups,
    /// The last step, along the gradient and without learning rates.
    step: Groups,
}

impl Learned {
    /// The kind of its weights.
    pub const KIND: &'static str = "rule-1";

    /// Their number.
    pub const WEIGHTS: usize = Cell::WEIGHTS + Head::WEIGHTS + 3 * OF_GROUP;

    /// The rule with these weights, [`Self::WEIGHTS`] of them; missing ones count as zero.
    pub fn new(weights: Arc<[f32]>) -> Self {
        Self { weights, state: State::default() }
    }

    /// The weights that come with the crate.
    pub fn shipped() -> Arc<[f32]> {
        SHIPPED.clone()
    }

    /// Weights from which training starts: a silent network around Adam on the natural gradient.
    pub fn untrained() -> Vec<f32> {
        let mut weights: Vec<f32> = (0..Self::WEIGHTS as u64)
            .map(|place| 0.3 * crate::normal::at(1, place) as f32)
            .collect();
        let (_, rest) = weights.split_at_mut(Cell::WEIGHTS);
        let (head, of_groups) = rest.split_at_mut(Head::WEIGHTS);
        head.fill(0.0);
        of_groups.chunks_exact_mut(OF_GROUP).for_each(|group| group.copy_from_slice(&NOMINAL));
        weights
    }

    fn group(&self, group: usize) -> OfGroup {
        let from = Cell::WEIGHTS + Head::WEIGHTS + group * OF_GROUP;
        let mut numbers = [0.0; OF_GROUP];
        for (to, weight) in numbers.iter_mut().zip(self.weights.get(from..).unwrap_or_default()) {
            *to = *weight;
        }
        let decay = |v: f32| 1.0 / (1.0 + (-v).exp());
        OfGroup {
            size: numbers[0],
            power: numbers[1],
            decays: std::array::from_fn(|k| decay(numbers[DECAYS.start + k])),
            shares: std::array::from_fn(|k| numbers[SHARES.start + k]),
        }
    }
}

/// Numbers of each group from which training starts: steps of the size of the learning rate along
/// the fast mean. The decays 0.8, 0.95 and 0.95 stand as arguments of a logistic function.
const NOMINAL: [f32; OF_GROUP] = [0.0, 0.0, 1.4, 2.9, 2.9, 0.0, 1.0, 0.0];

/// What is the same for all numbers of a group.
struct OfGroup {
    size: f32,
    power: f32,
    decays: [f32; 3],
    shares: [f32; 3],
}

/// What the network sees of the fit as a whole.
fn surroundings(group: usize, clock: &Clock<'_>, alignment: f32) -> [f32; 7] {
    let trend = match clock.losses {
        [.., before, last] if *before > 0.0 && *last > 0.0 => 10.0 * (last / before).ln(),
        _ => 0.0,
    };
    let left = clock.iterations.saturating_sub(clock.iteration) as f64;
    let is = |other: usize| if group == other { 1.0 } else { 0.0 };
    [
        clock.progress() as f32,
        (0.2 * left.ln_1p()) as f32,
        trend.clamp(-2.0, 2.0) as f32,
        alignment,
        is(0),
        is(1),
        is(2),
    ]
}

/// The cosine of the angle between two sets of numbers, 0 where there is none.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let sum = |a: &[f32], b: &[f32]| {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    let size = (sum(a, a) * sum(b, b)).sqrt();
    if size > 0.0 { (sum(a, b) / size) as f32 } else { 0.0 }
}

/// The logarithm of a mean square as the network sees it.
fn level(square: f32) -> f32 {
    (0.5 * square.max(SMALLEST_SQUARE).ln() + 3.0) / 3.0
}

/// Mean square of the natural gradient at each Gaussian's place and shape, as the network sees it.
fn levels(updates: &Groups) -> Vec<f32> {
    let shapes = updates.shape.chunks_exact(3);
    let squares = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>();
    let rows = updates.position.chunks_exact(2).zip(shapes);
    rows.map(|(position, shape)| level((squares(position) + squares(shape)) / 5.0)).collect()
}

impl Transform for Learned {
    fn name(&self) -> &'static str {
        PART.name
    }

    fn update(&mut self, updates: &mut Groups, step: &Step<'_>) -> Result<Flow> {
        if let Some(blocks) = step.blocks {
            blocks.solve(updates);
        }
        let rows = updates.position.len() / 2;
        let levels = levels(updates);
        let numbers: [OfGroup; 3] = std::array::from_fn(|group| self.group(group));
        let Self { weights, state: State { age, memory, step: last } } = self;
        age.resize(rows, 0);
        age.iter_mut().for_each(|age| *age = age.saturating_add(1));
        last.resize_like(updates);
        for (index, ((group, gradient), numbers)) in updates.iter_mut().zip(numbers).enumerate() {
            let (memory, last) = (memory.get_mut(group), last.get_mut(group));
            memory.resize(gradient.len() * MEMORY, 0.0);
            let whole = Whole {
                weights,
                numbers,
                surroundings: surroundings(index, &step.clock, cosine(gradient, last)),
                levels: &levels,
                age,
                width: (gradient.len() / rows.max(1)).max(1),
            };
            gradient
                .par_chunks_mut(LANES)
                .zip(memory.par_chunks_mut(LANES * MEMORY))
                .enumerate()
                .with_min_len(CHUNK)
                .for_each(|(chunk, (gradient, memory))| {
                    whole.apply(chunk * LANES, gradient, memory);
                });
            last.clone_from(gradient);
        }
        Ok(Flow::On)
    }

    fn remap(&mut self, rows: &RowMap) {
        let State { age, memory, step } = &mut self.state;
        rows.apply(age);
        memory.remap(rows);
        step.remap(rows);
    }

    fn round_state(&mut self, round: fn(f32) -> f32) {
        for (_, values) in self.state.memory.iter_mut() {
            values.iter_mut().for_each(|value| *value = round(*value));
        }
    }

    fn reset(&mut self) {
        self.state = State::default();
    }

    fn save(&self) -> serde_json::Value {
        saved::save(&self.state)
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<()> {
        self.state = saved::restore(PART.name, state)?;
        Ok(())
    }
}

/// What all numbers of a group share in one update.
struct Whole<'a> {
    weights: &'a [f32],
    numbers: OfGroup,
    surroundings: [f32; 7],
    levels: &'a [f32],
    age: &'a [u32],
    /// Numbers that a Gaussian has in the group.
    width: usize,
}

impl Whole<'_> {
    /// The updates of up to [`LANES`] numbers, the first of which has place `first` in its group.
    fn apply(&self, first: usize, gradient: &mut [f32], memory: &mut [f32]) {
        let mut inputs = [[0.0; LANES]; INPUTS];
        let mut ratios = [[0.0; LANES]; SHARES.end - SHARES.start];
        let mut sizes = [0.0; LANES];
        let mut state = [[0.0; LANES]; STATE];
        let shared = INPUTS - self.surroundings.len();
        for (input, value) in inputs[shared..].iter_mut().zip(self.surroundings) {
            *input = [value; LANES];
        }
        let rows = gradient.iter().zip(memory.chunks_exact_mut(MEMORY)).enumerate();
        for (lane, (gradient, memory)) in rows {
            let row = (first + lane) / self.width;
            let ([fast, slow, square], level) = self.means(*gradient, row, memory);
            let ratio = [*gradient, fast, slow]
                .map(|v| (v / square.sqrt()).clamp(-LARGEST_RATIO, LARGEST_RATIO));
            sizes[lane] = self.numbers.size + self.numbers.power * 0.5 * square.ln();
            let own = [
                ratio[0].abs() - 1.0,
                ratio[1].abs() - 0.5,
                ratio[2].abs() - 0.5,
                ratio[0] * ratio[1],
                ratio[1] * ratio[2],
                level,
                self.levels.get(row).copied().unwrap_or(0.0),
            ];
            inputs.iter_mut().zip(own).for_each(|(input, value)| input[lane] = value);
            ratios.iter_mut().zip(ratio).for_each(|(to, from)| to[lane] = from);
            state.iter_mut().zip(&memory[MEANS..]).for_each(|(to, from)| to[lane] = *from);
        }
        let (of_cell, rest) = split(self.weights, Cell::WEIGHTS);
        Cell::step(of_cell, &inputs, &mut state);
        let joined: [[f32; LANES]; JOINED] =
            std::array::from_fn(|k| if k < INPUTS { inputs[k] } else { state[k - INPUTS] });
        let (of_head, _) = split(rest, Head::WEIGHTS);
        let [sizing, shares @ ..] = Head::apply(of_head, &joined);
        let rows = gradient.iter_mut().zip(memory.chunks_exact_mut(MEMORY)).enumerate();
        for (lane, (update, memory)) in rows {
            let terms = self.numbers.shares.iter().zip(&shares).zip(&ratios);
            let direction: f32 =
                terms.map(|((usual, more), ratio)| (usual + more[lane]) * ratio[lane]).sum();
            *update = (sizes[lane] + sizing[lane].clamp(-SIZING, SIZING)).exp() * direction;
            memory[MEANS..].iter_mut().zip(&state).for_each(|(to, from)| *to = from[lane]);
        }
    }

    /// Takes a gradient into the means; gives them unbiased, and the level of the last.
    fn means(&self, gradient: f32, row: usize, memory: &mut [f32]) -> ([f32; MEANS], f32) {
        let age = self.age.get(row).map_or(1, |age| (*age).min(1000)) as i32;
        let terms = [gradient, gradient, gradient * gradient];
        let means: [f32; MEANS] = std::array::from_fn(|k| {
            let decay = self.numbers.decays[k];
            memory[k] += (1.0 - decay) * (terms[k] - memory[k]);
            memory[k] / (1.0 - decay.powi(age)).max(1e-6)
        });
        let [fast, slow, square] = means;
        let square = square.max(SMALLEST_SQUARE);
        ([fast, slow, square], level(square))
    }
}

fn split(weights: &[f32], count: usize) -> (&[f32], &[f32]) {
    weights.split_at(count.min(weights.len()))
}
