//! Chunks: type, length, payload, checksum.

use super::bytes::Bytes;
use super::malformed;
use crate::error::{Error, Result};

/// Four characters; an upper-case first letter means critical.
pub(super) type Kind = [u8; 4];

pub(super) const FLOAT32: Kind = *b"GF32";
pub(super) const QUANTIZED16: Kind = *b"GU16";
pub(super) const METADATA: Kind = *b"meta";
pub(super) const DONE: Kind = *b"DONE";

/// One chunk whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub kind: Kind,
    pub payload: &'a [u8],
}

impl<'a> Chunk<'a> {
    pub fn read(bytes: &mut Bytes<'a>) -> Result<Self> {
        let whole = bytes.0;
        let mut kind = [0; 4];
        kind.copy_from_slice(bytes.take(4)?);
        if !kind[0].is_ascii_alphabetic() || !kind.iter().all(u8::is_ascii_alphanumeric) {
            return Err(malformed(format!(
                "a chunk begins with {kind:02x?}, which is no type; the file is damaged"
            )));
        }
        let length = bytes.u32()? as usize;
        let payload = bytes.take(length)?;
        let covered = &whole[..8 + length];
        if bytes.u32()? != crc32fast::hash(covered) {
            return Err(malformed(format!(
                "the checksum of its chunk {} is wrong; the file is damaged",
                name(kind)
            )));
        }
        Ok(Self { kind, payload })
    }

    /// Whether a reader that does not know the type must give up.
    pub fn is_critical(&self) -> bool {
        self.kind[0].is_ascii_uppercase()
    }
}

/// Appends a chunk whose payload `write` appends.
pub(super) fn write(out: &mut Vec<u8>, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
    let start = out.len();
    out.extend_from_slice(&kind);
    out.extend_from_slice(&[0; 4]);
    write(out);
    let payload = (out.len() - start - 8) as u64;
    let length = u32::try_from(payload).map_err(|_| Error::Limit {
        what: "bytes of Gaussians in an .lgi file",
        value: payload,
        limit: u64::from(u32::MAX),
    })?;
    out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// A type as text.
pub(super) fn name(kind: Kind) -> String {
    kind.iter().map(|byte| char::from(*byte)).collect()
}
