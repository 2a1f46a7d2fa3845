//! Numbers as bits, each with its contexts.

use super::coder::Coder;
use super::model::Model;

/// Weight sets that belong to one kind of number.
const SETS_PER_KIND: usize = 64;

/// Codes numbers of one kind after the other.
pub struct Symbols<'a, C> {
    /// Where the bits go to or come from.
    pub coder: &'a mut C,
    /// What is known of them.
    pub model: &'a mut Model,
}

/// Bits of the size of a number: 0 for 0, 1 for 1, 2 for 2 and 3, ...
pub fn bit_length(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}

impl<C: Coder> Symbols<'_, C> {
    fn bit(&mut self, bit: bool, kind: usize, place: usize, contexts: &[u32]) -> bool {
        self.model.bit(self.coder, bit, kind * SETS_PER_KIND + place, contexts)
    }

    /// A number of at most `most`, in unary.
    pub fn unary(&mut self, value: u32, kind: usize, contexts: &[u32], most: u32) -> u32 {
        let mut with_place = [0; super::model::MAX_CONTEXTS];
        let with_place = &mut with_place[..contexts.len()];
        for i in 0..most {
            for (to, context) in with_place.iter_mut().zip(contexts) {
                *to = context.wrapping_mul(64).wrapping_add(i);
            }
            if !self.bit(value > i, kind, i.min(30) as usize, with_place) {
                return i;
            }
        }
        most
    }

    /// A number of at most 2^24: in unary up to `escape`, then by its size (Elias gamma).
    pub fn count(&mut self, value: u32, kind: usize, contexts: &[u32], escape: u32) -> u32 {
        let small = self.unary(value.min(escape), kind, contexts, escape);
        if small < escape {
            return small;
        }
        let rest = value.saturating_sub(escape) + 1;
        let bits = 31 - rest.leading_zeros();
        let mut length = 0;
        while length < 24 && self.bit(bits > length, kind, 31 + length.min(10) as usize, &[length])
        {
            length += 1;
        }
        let mut found = 1;
        for i in (0..length).rev() {
            let bit = self.bit(rest >> i & 1 == 1, kind, 45 + i.min(10) as usize, &[i]);
            found = found << 1 | u32::from(bit);
        }
        found - 1 + escape
    }

    /// A signed number: bits of its size under `contexts`, sign under `signs`, then its digits.
    pub fn signed(
        &mut self,
        value: i32,
        kind: usize,
        contexts: &[u32],
        signs: &[u32],
        most_bits: u32,
    ) -> i32 {
        let length = self.unary(bit_length(value), kind, contexts, most_bits);
        if length == 0 {
            return 0;
        }
        let negative = self.bit(value < 0, kind, 60, signs);
        let mut size = 1_u32;
        for i in (0..length - 1).rev() {
            let bit = value.unsigned_abs() >> i & 1 == 1;
            let from_top = length - 2 - i;
            let bit = if from_top < 2 {
                let first = contexts.first().copied().unwrap_or_default();
                let contexts = [size | length << 5, first.wrapping_mul(8) + size + (length << 12)];
                self.bit(bit, kind + 1, from_top as usize, &contexts)
            } else {
                self.bit(bit, kind + 1, 10 + i as usize, &[length])
            };
            size = size << 1 | u32::from(bit);
        }
        if negative { -(size as i32) } else { size as i32 }
    }

    /// A number of `length` bits, from the top; the first `modelled` under `contexts`.
    pub fn bits(
        &mut self,
        value: u32,
        length: u32,
        modelled: u32,
        kind: usize,
        contexts: &[u32],
    ) -> u32 {
        let mut found = 1_u32;
        let mut with_prefix = [0; super::model::MAX_CONTEXTS];
        for i in 0..length {
            let bit = value >> (length - 1 - i) & 1 == 1;
            let bit = if i < modelled {
                for (to, context) in with_prefix.iter_mut().zip(contexts) {
                    *to = context.wrapping_mul(4099).wrapping_add(found);
                }
                self.bit(bit, kind, i as usize, &with_prefix[..contexts.len()])
            } else {
                let place = 40 + (i - modelled).min(4) as usize;
                self.bit(bit, kind, place, &[found & 3 | i << 4])
            };
            found = found << 1 | u32::from(bit);
        }
        found - (1 << length)
    }
}
