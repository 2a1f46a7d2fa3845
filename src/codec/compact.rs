//! The container of coded pictures: the same parts as the plain one, in a tenth of its bytes.

use super::bytes::Bytes;
use super::{Header, malformed, unsupported};
use crate::blend::Blend;
use crate::error::{Error, Result};
use crate::image::Size;

/// First bytes of a compact file; the fifth tells it from a plain one.
pub(super) const MAGIC: [u8; 5] = *b"\x89LGI2";

/// Set in the type of the last chunk.
const LAST: u8 = 0x80;
/// Set in the type of a chunk that a reader may skip.
const ANCILLARY: u8 = 0x40;

/// Coded Gaussians, `GCOD`.
pub(super) const CODED: u8 = 1;
/// A layer of more of them, `LAYR`.
pub(super) const LAYER: u8 = 2;
/// JSON, `meta`.
pub(super) const METADATA: u8 = ANCILLARY | 1;

/// One chunk whose checksum is right, unless it is said to be cut off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    /// Type, without the mark of the last one.
    pub kind: u8,
    pub payload: &'a [u8],
}

/// A type as text.
pub(super) fn name(kind: u8) -> &'static str {
    match kind {
        CODED => "GCOD",
        LAYER => "LAYR",
        METADATA => "meta",
        _ => "unknown",
    }
}

/// Appends a number in groups of seven bits, lowest first; all but the last have bit 7 set.
pub(super) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a number of at most 35 bits that [`push_varint`] wrote.
pub(super) fn varint(bytes: &mut Bytes) -> Result<u64> {
    let mut value = 0;
    for group in 0..5 {
        let byte = bytes.u8()?;
        value |= u64::from(byte & 0x7F) << (7 * group);
        if byte & 0x80 == 0 {
            if byte == 0 && group > 0 {
                return Err(malformed("a number in it is longer than it need be"));
            }
            return Ok(value);
        }
    }
    Err(malformed("a number in it has more than 35 bits"))
}

pub(super) fn write_header(header: &Header, out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    let channels = match header.channels {
        1 => 0,
        3 => 1,
        _ => 2,
    };
    out.push(channels | u8::from(header.bit_depth == 16) << 2);
    push_varint(out, header.size.width as u64);
    push_varint(out, header.size.height as u64);
}

pub(super) fn read_header(bytes: &mut Bytes) -> Result<Header> {
    bytes.take(MAGIC.len())?;
    let form = bytes.u8()?;
    let channels = match form & 3 {
        0 => 1,
        1 => 3,
        2 => 4,
        _ => return Err(unsupported("it has channels that this version does not know")),
    };
    if form >> 3 != 0 {
        return Err(unsupported("it uses a header field that this version does not know"));
    }
    let bit_depth = if form & 4 == 0 { 8 } else { 16 };
    let mut side = || -> Result<usize> {
        let side = varint(bytes)?;
        match u32::try_from(side) {
            Ok(0) => Err(malformed("its picture has no pixels")),
            Ok(side) => Ok(side as usize),
            Err(_) => Err(malformed(format!("its picture has a side of {side} pixels"))),
        }
    };
    let size = Size::new(side()?, side()?);
    Ok(Header { size, channels, bit_depth, blend: Blend::Additive })
}

/// Appends a chunk to what stands in `out` since `covered`; its checksum is of all of that.
pub(super) fn write_chunk(out: &mut Vec<u8>, covered: usize, kind: u8, last: bool, payload: &[u8]) {
    out.push(if last { kind | LAST } else { kind });
    push_varint(out, payload.len() as u64);
    out.extend_from_slice(payload);
    let checksum = crc32fast::hash(&out[covered..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// What there is of a file's chunks.
pub(super) struct Arrived<'a> {
    /// Those that are whole.
    pub chunks: Vec<Chunk<'a>>,
    /// Where the file is cut off, if it is.
    pub cut: Option<Cut<'a>>,
}

/// The end of a file that is cut off.
pub(super) struct Cut<'a> {
    /// The chunk that is not whole, without a checksum, if its payload has begun.
    pub chunk: Option<Chunk<'a>>,
    /// What a reader says that needs the whole file.
    pub error: Error,
}

/// All chunks up to the last, which nothing may follow, or as far as the file goes. `whole` is
/// the file, `bytes` what stands behind its header. The first checksum covers the header too.
///
/// # Errors
/// [`Error::Malformed`] for a wrong checksum or length, [`Error::Unsupported`] for a critical
/// chunk that is not known.
pub(super) fn read_chunks<'a>(whole: &'a [u8], bytes: &mut Bytes<'a>) -> Result<Arrived<'a>> {
    let mut chunks = Vec::new();
    let mut covered = whole;
    loop {
        let (kind, length) = match read_head(bytes) {
            Err(error @ Error::Truncated { .. }) => {
                return Ok(Arrived { chunks, cut: Some(Cut { chunk: None, error }) });
            }
            head => head?,
        };
        let chunk = Chunk { kind: kind & !LAST, payload: bytes.0 };
        let (payload, end, checksum) = match read_body(covered, bytes, length) {
            Err(error @ Error::Truncated { .. }) => {
                check_known(chunk.kind)?;
                let payload = &chunk.payload[..length.min(chunk.payload.len())];
                let chunk = Some(Chunk { payload, ..chunk });
                return Ok(Arrived { chunks, cut: Some(Cut { chunk, error }) });
            }
            body => body?,
        };
        if checksum != crc32fast::hash(&covered[..end]) {
            return Err(malformed(format!(
                "the checksum of its chunk {} is wrong; the file is damaged",
                name(chunk.kind)
            )));
        }
        check_known(chunk.kind)?;
        covered = bytes.0;
        chunks.push(Chunk { payload, ..chunk });
        if kind & LAST != 0 {
            break;
        }
    }
    match bytes.0.len() {
        0 => Ok(Arrived { chunks, cut: None }),
        more => Err(malformed(format!("{more} bytes follow its end"))),
    }
}

/// Refuses a chunk that may not be skipped and means nothing to this version.
fn check_known(kind: u8) -> Result<()> {
    if kind & ANCILLARY != 0 || matches!(kind, CODED | LAYER) {
        return Ok(());
    }
    Err(unsupported(format!(
        "it needs a chunk of type {kind}, which this version does not know; update this program"
    )))
}

/// Type and length of a chunk.
fn read_head(bytes: &mut Bytes) -> Result<(u8, usize)> {
    let kind = bytes.u8()?;
    let length = usize::try_from(varint(bytes)?)
        .map_err(|_| malformed("it has a chunk longer than this machine can address"))?;
    Ok((kind, length))
}

/// Payload, number of bytes that the checksum covers, and checksum.
fn read_body<'a>(
    covered: &[u8],
    bytes: &mut Bytes<'a>,
    length: usize,
) -> Result<(&'a [u8], usize, u32)> {
    let payload = bytes.take(length)?;
    let end = covered.len() - bytes.0.len();
    Ok((payload, end, bytes.u32()?))
}
