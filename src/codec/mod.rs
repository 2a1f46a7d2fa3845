//! The `.lgi` file: a picture as Gaussians.
//!
//! # The format, version 1
//!
//! All numbers are little-endian, floats are IEEE 754 binary32. A file is a header and chunks.
//! Every byte is covered by a checksum (CRC-32 as in PNG, gzip and zip): a file with any bit
//! flipped, or with its end cut off, is refused.
//!
//! | offset | bytes | header field |
//! |---|---|---|
//! | 0 | 8 | magic `89 4C 47 49 0D 0A 1A 0A`: not text, `LGI`, and both kinds of line ending, so that a transfer as text shows |
//! | 8 | 2 | version, 1 |
//! | 10 | 1 | channels C: 1 gray, 3 RGB, 4 RGBA (not premultiplied) |
//! | 11 | 1 | bits a channel of the fitted picture, 8 or 16: what to write when decoding |
//! | 12 | 4 | width in pixels, at least 1 |
//! | 16 | 4 | height in pixels, at least 1 |
//! | 20 | 1 | blend: 0 additive, 1 normalized |
//! | 21 | 3 | zero |
//! | 24 | 4 | float: epsilon of the normalized blend, at least 0; 0 for additive |
//! | 28 | 4 | float: support, 11: a Gaussian ends where `q` exceeds it |
//! | 32 | 4 | CRC-32 of bytes 0 to 31 |
//!
//! Chunks follow, one behind the other, to the end of the file:
//!
//! | offset | bytes | chunk field |
//! |---|---|---|
//! | 0 | 4 | type: an ASCII letter, then three ASCII letters or digits |
//! | 4 | 4 | length n of the payload in bytes |
//! | 8 | n | payload |
//! | 8 + n | 4 | CRC-32 of type, length and payload |
//!
//! A type whose first letter is upper-case is critical: a reader that does not know it must give
//! up. One in lower case is ancillary and may be skipped. There is exactly one chunk of Gaussians
//! (`GF32` or `GU16`), at most one `meta`, and `DONE` with no payload is last; nothing follows it.
//!
//! **`GF32`**: the number of Gaussians N (4 bytes); then all centres (x, y); then all factors
//! (l00, l01, l10, l11); then all colours (C values each); floats throughout. The whole factor `L`
//! is there, not only the covariance `L L^T`, so that what is read is what was written, to the bit.
//!
//! **`GU16`**: N (4 bytes); then for each of the 5 + C fields x, y, ln s1, ln s2, angle and
//! colours two floats `low <= high`; then field by field N unsigned 16-bit numbers k. A value is
//! `low + (high - low) k / 65535`. The factor is
//! `L = [[cos a * s1, -sin a * s2], [sin a * s1, cos a * s2]]` with s1, s2 in pixels.
//!
//! **`meta`**: JSON in UTF-8, at most 65 536 bytes: who wrote the file, and how.
//!
//! The picture is what [`crate::gaussians::Gaussians`] describes: pixel centres at integer + 0.5,
//! `q = d^T (L L^T)^-1 d`, and each pixel the blend of `c exp(-q/2)` over all Gaussians with
//! `q <= 11`.

mod bytes;
mod chunk;
pub mod coded;
mod compact;
mod decode;
mod encode;
mod float32;
mod header;
mod limits;
mod quantized16;
mod scene;

pub use decode::{ChunkInfo, FileInfo, decode, decode_exact, probe, read, read_file};
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

fn unsupported(message: impl Into<String>) -> crate::Error {
    crate::Error::Unsupported { what: WHAT, message: message.into() }
}
