//! The colours that an atom may have: the best of each parity, component by component.

use crate::codec::coded::atom::{MAX_COMPONENT, MAX_COMPONENTS};
use crate::codec::coded::parity::Word;

/// The colours that an atom may have.
pub struct Palette {
    components: [Component; MAX_COMPONENTS],
    channels: usize,
}

impl Palette {
    /// The palette of so many components.
    pub fn new(components: [Component; MAX_COMPONENTS], channels: usize) -> Self {
        Self { components, channels }
    }

    /// The best with the parities of a word and what it changes, up to what is the same for all; nothing if
    /// that is no colour.
    pub fn color(&self, word: &Word) -> Option<([i32; MAX_COMPONENTS], f32)> {
        let (mut color, mut change) = ([0; MAX_COMPONENTS], 0.0);
        for (index, component) in self.components[..self.channels].iter().enumerate() {
            let choice = match word.color.get(index) {
                Some(&parity) => component.by_parity[parity as usize],
                None => component.best(),
            };
            color[index] = choice.k;
            change += choice.change;
        }
        let is_gray = word.color.iter().skip(self.channels).all(|parity| *parity == 0);
        (is_gray && color != [0; MAX_COMPONENTS]).then_some((color, change))
    }
}

/// A value that a component may have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice {
    /// The value.
    pub k: i32,
    /// What it changes of `D + lambda R`.
    change: f32,
}

/// The best even and the best odd integer for one component of a colour.
#[derive(Clone, Copy, Debug, Default)]
pub struct Component {
    by_parity: [Choice; 2],
}

impl Component {
    /// The best near an exact value, against one that it has `now`, where `value` is `D + lambda R`.
    pub fn pick(exact: f32, now: i32, value: impl Fn(i32) -> f32) -> Self {
        let limit = MAX_COMPONENT as f32;
        let near = exact.round().clamp(-limit, limit) as i32;
        let toward = near.signum();
        // On the other side of the exact value.
        let beyond = if exact > near as f32 { near + 1 } else { near - 1 };
        let beyond = beyond.clamp(-MAX_COMPONENT, MAX_COMPONENT);
        let mut best = [Choice { k: 0, change: f32::INFINITY }; 2];
        let before = value(now);
        for k in [near, near - toward, near - 2 * toward, 0, beyond] {
            let change = value(k) - before;
            let best = &mut best[(k & 1) as usize];
            if change < best.change {
                *best = Choice { k, change };
            }
        }
        Self { by_parity: best }
    }

    /// The better of both.
    pub fn best(&self) -> Choice {
        let [even, odd] = self.by_parity;
        if odd.change < even.change { odd } else { even }
    }
}
