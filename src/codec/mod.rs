//! The `.lgi` file: a picture as Gaussians.
//!
//! `docs/FORMAT.md`, which follows, is the specification of both containers and of the coded
//! Gaussians in the compact one. The picture is what [`crate::gaussians::Gaussians`] describes.
//!
#![doc = include_str!("../../docs/FORMAT.md")]

mod bytes;
mod chunk;
pub mod coded;
mod compact;
mod decode;
mod encode;
mod file;
mod float32;
mod header;
mod limits;
mod quantized16;
mod scene;

pub use decode::{
    ChunkInfo, FileInfo, Partial, bits_of_parts, decode, decode_exact, decode_partial, probe, read,
    read_file,
};
pub use encode::{Precision, WriteOptions, encode, encode_exact, write_file};
pub use header::Header;
pub use limits::ReadLimits;
pub use scene::{MAX_METADATA_BYTES, Scene};

/// Version of the format that this crate writes, and the only one that it reads.
pub const VERSION: u16 = 1;

/// Version of the compact container, see [`coded`].
pub const COMPACT_VERSION: u16 = 2;

/// First bytes of every plain `.lgi` file; a compact one has `2` in the fifth place.
pub const MAGIC: [u8; 8] = *b"\x89LGI\r\n\x1a\n";

/// Whether a file is one of this format, going by its first bytes.
pub fn is_lgi(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) || bytes.starts_with(&compact::MAGIC)
}

/// What the errors of this module are about.
const WHAT: &str = ".lgi file";

fn malformed(message: impl Into<String>) -> crate::Error {
    crate::Error::Malformed { what: WHAT, message: message.into() }
}

fn truncated(message: impl Into<String>) -> crate::Error {
    crate::Error::Truncated { what: WHAT, message: message.into() }
}

fn unsupported(message: impl Into<String>) -> crate::Error {
    crate::Error::Unsupported { what: WHAT, message: message.into() }
}
