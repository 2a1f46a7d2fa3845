//! Weights of a network as a small checked file.

use std::path::Path;

use crate::atomic_file;
use crate::error::{Error, Result};

const WHAT: &str = "weights file";

/// First bytes of every file.
const MAGIC: [u8; 4] = *b"LGIW";

/// Version of the format.
const VERSION: u16 = 1;

/// Most weights of a network; more is damage.
const MOST: usize = 1 << 20;

/// Weights and the kind of network that they are for.
///
/// The file is the letters `LGIW`; version and length of the kind, 16 bits each; the number of
/// weights, 32 bits; the kind; the weights as float32; the CRC-32 of all that. Numbers are
/// little-endian. A kind ends with a number that goes up whenever its network changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Which network they are for, such as `"rule-1"`.
    pub kind: String,
    /// The weights.
    pub values: Vec<f32>,
}

impl Weights {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than a file holds.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let too_many = |value: usize, limit: usize| Error::Limit {
            what: "weights",
            value: value as u64,
            limit: limit as u64,
        };
        let count = self.values.len();
        if count > MOST {
            return Err(too_many(count, MOST));
        }
        let kind_len = u16::try_from(self.kind.len())
            .map_err(|_| too_many(self.kind.len(), usize::from(u16::MAX)))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(kind_len.to_le_bytes());
        bytes.extend((count as u32).to_le_bytes());
        bytes.extend(self.kind.bytes());
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        let checksum = crc32fast::hash(&bytes);
        bytes.extend(checksum.to_le_bytes());
        Ok(bytes)
    }

    /// Reads the bytes of a file with weights for a network of this kind and so many weights.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Malformed`], or [`Error::Unsupported`] for another version
    /// or another network.
    pub fn from_bytes(bytes: &[u8], kind: &str, count: usize) -> Result<Self> {
        let malformed = |message: String| Error::Malformed { what: WHAT, message };
        let mut rest = bytes;
        if take::<4>(&mut rest)? != MAGIC {
            return Err(malformed("it does not start with LGIW".into()));
        }
        let version = u16::from_le_bytes(take(&mut rest)?);
        if version != VERSION {
            let message = format!("version {version}; this program reads version {VERSION}");
            return Err(Error::Unsupported { what: WHAT, message });
        }
        let kind_len = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let stored = u32::from_le_bytes(take(&mut rest)?) as usize;
        let needed = stored.min(MOST) * 4 + kind_len + 4;
        if rest.len() < needed {
            return Err(ends_early(needed, rest.len()));
        }
        if rest.len() > needed {
            return Err(malformed(format!("{} bytes too many", rest.len() - needed)));
        }
        let (body, checksum) = bytes.split_at(bytes.len() - 4);
        if crc32fast::hash(body).to_le_bytes() != *checksum {
            return Err(malformed("the checksum does not match".into()));
        }
        let (name, values) = rest[..needed - 4].split_at(kind_len);
        let name = String::from_utf8_lossy(name).into_owned();
        if name != kind || stored != count {
            let message =
                format!("{stored} weights of {name:?}; this program has {count} of {kind:?}");
            return Err(Error::Unsupported { what: WHAT, message });
        }
        let values: Vec<f32> = values
            .chunks_exact(4)
            .map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]]))
            .collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(place) => Err(malformed(format!("weight {place} is {}", values[place]))),
            None => Ok(Self { kind: name, values }),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`], and those of [`Self::from_bytes`], with the path.
    pub fn read(path: &Path, kind: &str, count: usize) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io("read", error).at(path))?;
        Self::from_bytes(&bytes, kind, count).map_err(|error| error.at(path))
    }

    /// Writes a file, replacing an older one; never leaves half a file.
    ///
    /// # Errors
    /// [`Error::Io`] with the path; those of [`Self::to_bytes`].
    pub fn write(&self, path: &Path) -> Result<()> {
        atomic_file::write(path, &self.to_bytes()?, true)
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let Some((taken, left)) = rest.split_first_chunk::<N>() else {
        return Err(ends_early(N, rest.len()));
    };
    *rest = left;
    Ok(*taken)
}

fn ends_early(needed: usize, left: usize) -> Error {
    let message = format!("it ends early: {left} bytes where {needed} are needed");
    Error::Truncated { what: WHAT, message }
}
