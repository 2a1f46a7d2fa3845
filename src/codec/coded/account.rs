//! Where the bits of a picture go.

use super::coder::{Coder, PROBABILITY_BITS};

/// A part of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The colours of the base layer.
    BaseLayer,
    /// How many atoms each leaf has.
    Counts,
    /// The first component of the atoms' colours.
    Luma,
    /// Their second and third component.
    ColorDifferences,
    /// Their fourth component.
    Alpha,
    /// Their standard deviations.
    Scales,
    /// Their angles.
    Angles,
    /// Their places within the leaves.
    Positions,
}

/// Every part, in the order of the stream.
pub const PARTS: [Part; 8] = [
    Part::BaseLayer,
    Part::Counts,
    Part::Luma,
    Part::ColorDifferences,
    Part::Alpha,
    Part::Scales,
    Part::Angles,
    Part::Positions,
];

impl Part {
    /// Its name in a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::BaseLayer => "base layer",
            Self::Counts => "counts",
            Self::Luma => "luma",
            Self::ColorDifferences => "colour differences",
            Self::Alpha => "alpha",
            Self::Scales => "scales",
            Self::Angles => "angles",
            Self::Positions => "positions",
        }
    }
}

/// A writer that keeps no bytes, only what each part takes.
#[derive(Clone, Debug)]
pub struct Account {
    part: usize,
    bits: [f64; PARTS.len()],
}

impl Default for Account {
    fn default() -> Self {
        Self { part: 0, bits: [0.0; PARTS.len()] }
    }
}

impl Account {
    /// The parts in use, each with its bits.
    pub fn parts(&self) -> Vec<(Part, f64)> {
        PARTS.into_iter().zip(self.bits).filter(|(_, bits)| *bits > 0.0).collect()
    }
}

impl Coder for Account {
    const WRITES: bool = true;

    fn code(&mut self, bit: bool, one: u32) -> bool {
        let whole = 1 << PROBABILITY_BITS;
        let likely = f64::from(if bit { one } else { whole - one });
        self.bits[self.part] -= (likely / f64::from(whole)).log2();
        bit
    }

    fn begin(&mut self, part: Part) {
        self.part = part as usize;
    }
}
