//! Little-endian numbers from a slice that may end at any point.

use super::truncated;
use crate::error::Result;

/// A slice that is consumed from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((front, rest)) = self.0.split_at_checked(count) else {
            return Err(truncated(format!(
                "{count} bytes expected, {} left; the file is cut off",
                self.0.len()
            )));
        };
        self.0 = rest;
        Ok(front)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn f32(&mut self) -> Result<f32> {
        Ok(f32::from_le_bytes(self.array()?))
    }
}

/// The floats in a payload's section; a remainder of less than four bytes is left out.
pub(super) fn floats(section: &[u8]) -> impl Iterator<Item = f32> + '_ {
    section.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}
