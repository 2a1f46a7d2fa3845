//! Context mixing: probabilities of bits from what was coded before.
//!
//! Every bit has a few contexts. Each context has an adaptive probability in a hashed table; a
//! logistic mixture of them, whose weights adapt too, is the probability of the bit (PAQ; Mahoney
//! 2005). All of it is done in integers.

use std::sync::LazyLock;

use super::coder::{Coder, PROBABILITY_BITS};
use super::fixed::{exp2, log2};
use crate::codec::bytes::Bytes;
use crate::codec::compact::{push_varint, varint};

/// Most contexts of a bit.
pub const MAX_CONTEXTS: usize = 7;

/// Logarithm of the number of slots of the table.
const TABLE_BITS: u32 = 18;

/// Sets of weights.
const WEIGHT_SETS: usize = 4096;

/// Fraction bits of stretched probabilities: logarithms of odds to base 2.
const STRETCH_BITS: u32 = 8;
/// Largest logarithm of odds.
const MOST_STRETCH: i32 = 12 << STRETCH_BITS;

/// Fraction bits of weights, and the sum that they start with.
const WEIGHT_BITS: u32 = 16;
const FIRST_WEIGHTS: i32 = 85_197;

/// How fast weights follow: `0.008 ln 2` in units of `2^-14`.
const WEIGHT_RATE: i64 = 91;

/// Probability of a 1 in a context, after so many bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// In units of `2^-16`.
    pub probability: u16,
    /// Bits seen, at most [`MOST_COUNT`].
    pub count: u8,
}

const FRESH: Slot = Slot { probability: 1 << 15, count: 0 };

/// Most bits that a slot remembers.
pub const MOST_COUNT: u8 = 250;

/// Contexts, weights, and how to learn from bits.
#[derive(Clone, Debug)]
pub struct Model {
    slots: Vec<Slot>,
    weights: Vec<Option<[i32; MAX_CONTEXTS]>>,
}

/// What does not change.
struct Tables {
    /// Logarithms of odds of probabilities in units of `2^-12`.
    stretch: Vec<i32>,
    /// Probabilities in units of `2^-16` of logarithms of odds.
    squash: Vec<u32>,
    /// What a count makes of a stretched probability, in units of `2^-8`.
    confidence: [i32; 256],
    /// Share of the error that a count learns, in units of `2^-16`.
    rate: [i32; 256],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    // Of the middle of each interval: log2(2 i + 1) - log2(8192 - 2 i - 1).
    let stretch = (0..4096_u64).map(|i| log2((2 * i + 1) << 16) - log2((8191 - 2 * i) << 16));
    let squash = (-MOST_STRETCH..=MOST_STRETCH).map(|log| {
        let odds = exp2(log, 24) as u64;
        (odds << PROBABILITY_BITS).div_euclid(odds + (1 << 24)).clamp(32, 65_504) as u32
    });
    // 0.4 + 0.6 n / (n + 1.5), and 1 / (n + 1.6).
    let confidence = std::array::from_fn(|n| {
        let n = n as i32;
        102 + (154 * 2 * n) / (2 * n + 3)
    });
    let rate = std::array::from_fn(|n| 655_360 / (10 * n as i32 + 16));
    Tables { stretch: stretch.collect(), squash: squash.collect(), confidence, rate }
});

/// Most bits that a slot remembers of what it was trained on.
const TRAINED_COUNT: u8 = 12;
/// Bits that a slot must have seen to be worth storing.
const TRAINED_LEAST: u8 = 2;
/// Bits of trained weights that are dropped.
const TRAINED_WEIGHT_SHIFT: u32 = 3;

static TRAINED: &[u8] = include_bytes!("trained.bin");

impl Default for Model {
    fn default() -> Self {
        Self { slots: vec![FRESH; 1 << TABLE_BITS], weights: vec![None; WEIGHT_SETS] }
    }
}

impl Model {
    /// Codes one bit. `set` is the kind of bit; it chooses the weights, and keeps contexts of
    /// different kinds apart.
    pub fn bit(&mut self, coder: &mut impl Coder, bit: bool, set: usize, contexts: &[u32]) -> bool {
        let tables = &*TABLES;
        let n = contexts.len();
        let weights =
            self.weights[set].get_or_insert_with(|| [FIRST_WEIGHTS / n as i32; MAX_CONTEXTS]);
        let mut places = [0; MAX_CONTEXTS];
        let mut inputs = [0; MAX_CONTEXTS];
        let mut sum = 0_i64;
        for (i, context) in contexts.iter().enumerate() {
            places[i] = place(*context, i as u32, set as u32);
            let slot = self.slots[places[i]];
            let stretched = tables.stretch[usize::from(slot.probability >> 4)];
            inputs[i] = (stretched * tables.confidence[usize::from(slot.count)]) >> 8;
            sum += i64::from(inputs[i]) * i64::from(weights[i]);
        }
        let log = (sum >> WEIGHT_BITS).clamp(i64::from(-MOST_STRETCH), i64::from(MOST_STRETCH));
        let one = tables.squash[(log as i32 + MOST_STRETCH) as usize];
        let bit = coder.code(bit, one);

        let truth = if bit { 65_535 } else { 0 };
        let error = i64::from(truth - one as i32);
        for i in 0..n {
            weights[i] += ((error * i64::from(inputs[i]) * WEIGHT_RATE) >> 22) as i32;
            let slot = &mut self.slots[places[i]];
            let probability = i32::from(slot.probability);
            let rate = tables.rate[usize::from(slot.count)];
            let step = (i64::from(truth - probability) * i64::from(rate)) >> 16;
            slot.probability = (probability + step as i32).clamp(64, 65_472) as u16;
            slot.count = (slot.count + 1).min(MOST_COUNT);
        }
        bit
    }

    /// What every stream starts with: learned from photographs.
    pub fn trained() -> Self {
        // Not kept to be copied: reading it again costs less than as much memory once more.
        Self::from_bytes(TRAINED)
    }

    /// The tables of [`Self::trained`], for storing: what was learned, weighing no more than
    /// `TRAINED_COUNT` bits a slot. Weights come first, set by set; then slots, each with the
    /// number of those not used since the one before.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut skipped = 0;
        for weights in &self.weights {
            match weights {
                None => skipped += 1,
                Some(weights) => {
                    push_varint(&mut bytes, skipped);
                    skipped = 0;
                    for weight in weights {
                        let weight = (weight >> TRAINED_WEIGHT_SHIFT).clamp(-0x8000, 0x7FFF) as i16;
                        bytes.extend_from_slice(&weight.to_le_bytes());
                    }
                }
            }
        }
        push_varint(&mut bytes, skipped);
        skipped = 0;
        for slot in &self.slots {
            if slot.count < TRAINED_LEAST {
                skipped += 1;
                continue;
            }
            push_varint(&mut bytes, skipped);
            skipped = 0;
            let count = slot.count.min(TRAINED_COUNT);
            let coarse = u16::from(count) | (slot.probability & !0x1F);
            bytes.extend_from_slice(&coarse.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; what is cut off is as if nothing had been learned.
    fn from_bytes(bytes: &[u8]) -> Self {
        let mut model = Self::default();
        let mut bytes = Bytes(bytes);
        let mut place = 0;
        while let Ok(skipped) = varint(&mut bytes) {
            place += skipped as usize;
            let Some(weights) = model.weights.get_mut(place) else { break };
            let mut read = [0; MAX_CONTEXTS];
            for weight in &mut read {
                let value = bytes.u16().unwrap_or_default() as i16;
                *weight = i32::from(value) << TRAINED_WEIGHT_SHIFT;
            }
            *weights = Some(read);
            place += 1;
        }
        place = 0;
        while let Ok(skipped) = varint(&mut bytes) {
            place += skipped as usize;
            let coarse = bytes.u16().unwrap_or_default();
            let Some(slot) = model.slots.get_mut(place) else { break };
            *slot = Slot { probability: coarse & !0x1F | 0x10, count: (coarse & 0x1F) as u8 };
            place += 1;
        }
        model
    }
}

/// The slot of a context.
fn place(context: u32, index: u32, set: u32) -> usize {
    let mut hash = context.wrapping_mul(0x9E37_79B1)
        ^ (index + 1).wrapping_mul(0x85EB_CA6B)
        ^ set.wrapping_mul(0xC2B2_AE35);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x2C1B_3C6D);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0x297A_2D39);
    (hash >> (32 - TABLE_BITS)) as usize
}

/// Codes a number below `count`, all of them alike.
pub fn uniform(coder: &mut impl Coder, value: u32, count: u32) -> u32 {
    let (mut low, mut high) = (0, count.max(1));
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let upper = u64::from(high - middle) << PROBABILITY_BITS;
        let one = (upper / u64::from(high - low)).clamp(1, 65_535);
        if coder.code(value >= middle, one as u32) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
