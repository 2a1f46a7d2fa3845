//! Binary arithmetic coding.

use super::account::Part;

/// Probabilities are in units of `2^-16` and within `1..=65535`.
pub const PROBABILITY_BITS: u32 = 16;

/// One side of the coding of bits.
///
/// Writers and readers of a stream are the same code: it hands over the bit that it would write,
/// and goes on with the bit that comes back. A reader ignores what it is handed.
pub trait Coder {
    /// Whether it writes: what is handed to a reader need not be worked out.
    const WRITES: bool;

    /// Codes a bit that is 1 with probability `one / 65536`.
    fn code(&mut self, bit: bool, one: u32) -> bool;

    /// Is told that the bits of another part begin.
    fn begin(&mut self, _part: Part) {}

    /// Whether a reader has gone on for longer than any writer would have.
    fn is_exhausted(&self) -> bool {
        false
    }
}

/// Bits into bytes.
#[derive(Clone, Debug)]
pub struct Encoder {
    low: u32,
    high: u32,
    bytes: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { low: 0, high: u32::MAX, bytes: Vec::new() }
    }
}

/// Where the interval is split; the lower part stands for 1.
fn middle(low: u32, high: u32, one: u32) -> u32 {
    low + ((u64::from(high - low) * u64::from(one)) >> PROBABILITY_BITS) as u32
}

impl Encoder {
    /// All bytes, the last few as short as the interval allows: a reader takes what is missing
    /// for zeros.
    pub fn finish(mut self) -> Vec<u8> {
        // The number in the interval with the most zeros at its end.
        for kept in 0..=4_u32 {
            let unit = 1_u64 << (32 - 8 * kept);
            let value = u64::from(self.low).div_ceil(unit) * unit;
            if value <= u64::from(self.high) {
                self.bytes.extend_from_slice(&(value as u32).to_be_bytes()[..kept as usize]);
                break;
            }
        }
        self.bytes
    }
}

impl Coder for Encoder {
    const WRITES: bool = true;

    fn code(&mut self, bit: bool, one: u32) -> bool {
        let middle = middle(self.low, self.high, one);
        if bit {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.bytes.push((self.high >> 24) as u8);
            self.low <<= 8;
            self.high = self.high << 8 | 0xFF;
        }
        bit
    }
}

/// Bytes into bits. Behind the last byte there are zeros.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    low: u32,
    high: u32,
    value: u32,
    bytes: &'a [u8],
    /// Bytes taken from behind the end.
    beyond: usize,
    /// Bytes that may be.
    most_beyond: usize,
}

/// Bytes of the register, which looks ahead: behind the end of a stream there are zeros.
const REGISTER_BYTES: usize = 4;

impl<'a> Decoder<'a> {
    /// A decoder at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::begin(bytes, REGISTER_BYTES)
    }

    /// The same for the first bytes of a stream that is cut off. It is exhausted where a byte
    /// that is not there may have had a say: what it gives before is what the whole would give.
    pub fn of_part(bytes: &'a [u8]) -> Self {
        Self::begin(bytes, 0)
    }

    fn begin(bytes: &'a [u8], most_beyond: usize) -> Self {
        let mut decoder = Self { low: 0, high: u32::MAX, value: 0, bytes, beyond: 0, most_beyond };
        for _ in 0..REGISTER_BYTES {
            decoder.shift();
        }
        decoder
    }

    fn shift(&mut self) {
        let byte = match self.bytes.split_first() {
            Some((byte, rest)) => {
                self.bytes = rest;
                *byte
            }
            None => {
                self.beyond += 1;
                0
            }
        };
        self.value = self.value << 8 | u32::from(byte);
    }
}

impl Coder for Decoder<'_> {
    const WRITES: bool = false;

    fn code(&mut self, _: bool, one: u32) -> bool {
        let middle = middle(self.low, self.high, one);
        let bit = self.value <= middle;
        if bit {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = self.high << 8 | 0xFF;
            self.shift();
        }
        bit
    }

    fn is_exhausted(&self) -> bool {
        self.beyond > self.most_beyond
    }
}
