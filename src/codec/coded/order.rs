//! In which order a file has its atoms.

use std::cmp::Reverse;

use super::atom::Atom;
use super::stream::MOST_LAYERS;

/// The order of the Gaussians in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// From the top of the picture to the bottom: the smallest file.
    #[default]
    Sequential,
    /// Coarse to fine: the base layer, then layers of falling energy, each over the whole picture
    /// and with twice the Gaussians of all before. Any beginning of the file draws it all.
    Progressive,
}

/// Gaussians of the layers so far that the next one adds, for each that there is.
const GROWTH: usize = 2;

/// Gaussians that are not worth a layer of their own.
const SMALLEST_LAYER: usize = 32;

impl Order {
    /// Atoms by layer. The first stands with the base layer, and may have none.
    pub(super) fn layers(self, mut atoms: Vec<Atom>) -> Vec<Vec<Atom>> {
        if self == Self::Sequential {
            return vec![atoms];
        }
        // What atoms have an energy in common go by their other integers: the order in which
        // they were handed over has no say.
        atoms.sort_by_key(|a| (Reverse(a.energy()), a.color, a.scale, a.angle, a.place));
        let mut layers = Vec::new();
        while !atoms.is_empty() {
            let is_last =
                atoms.len() < (1 + GROWTH) * SMALLEST_LAYER || layers.len() + 1 == MOST_LAYERS;
            let kept = if is_last { 0 } else { atoms.len() / (1 + GROWTH) };
            layers.push(atoms.split_off(kept));
        }
        layers.push(Vec::new());
        layers.reverse();
        layers
    }
}
