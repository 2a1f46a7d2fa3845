//! Files into scenes.

use std::io::Read;
use std::path::Path;

use super::bytes::Bytes;
use super::chunk::{self, Chunk};
use super::coded::{self, Coded};
use super::{
    COMPACT_VERSION, Header, MAX_METADATA_BYTES, Precision, ReadLimits, Scene, VERSION, compact,
    float32, malformed, quantized16, scene, unsupported,
};
use crate::error::{Error, Result};
use crate::read_bounded;

/// What [`probe`] finds out about a file without building its Gaussians.
#[derive(Clone, Debug, PartialEq)]
pub struct FileInfo {
    /// Version of the format.
    pub version: u16,
    /// Size, channels, bit depth and blend.
    pub header: Header,
    /// Number of Gaussians, N.
    pub gaussians: usize,
    /// How exactly they are stored.
    pub precision: Precision,
    /// Who made the file, and how.
    pub metadata: Option<serde_json::Value>,
    /// All chunks, in the order of the file.
    pub chunks: Vec<ChunkInfo>,
}

/// One chunk of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkInfo {
    /// Its type, four letters or digits.
    pub kind: String,
    /// Size of its payload; type, length and checksum take 12 bytes more.
    pub payload_bytes: u64,
}

/// Reads an `.lgi` file from memory.
///
/// # Errors
/// [`Error::Malformed`] if a checksum, a length or a value is wrong; [`Error::Unsupported`] if it
/// is another kind of file, another version or needs a chunk that is not known;
/// [`Error::Limit`] if it asks for more than `limits` allow.
pub fn decode(bytes: &[u8], limits: &ReadLimits) -> Result<Scene> {
    let file = File::parse(bytes, limits)?;
    let Header { size, channels, bit_depth, blend } = file.header;
    let gaussians = match file.precision {
        Precision::Float32 => float32::read(file.gaussians, channels)?,
        Precision::Quantized16 => quantized16::read(file.gaussians, channels)?,
        Precision::Coded => coded::read(file.gaussians, size, channels, limits)?.gaussians(),
    };
    scene::check_gaussians(&gaussians, 1.01).map_err(|error| malformed(error.to_string()))?;
    limits.check_pairs(&gaussians, size)?;
    Ok(Scene { size, bit_depth, blend, gaussians, metadata: file.metadata })
}

/// Checks a file's structure and checksums and says what it holds.
///
/// # Errors
/// As [`decode`], except that the values of the Gaussians and the work of drawing them are not
/// checked.
pub fn probe(bytes: &[u8], limits: &ReadLimits) -> Result<FileInfo> {
    let file = File::parse(bytes, limits)?;
    Ok(FileInfo {
        version: file.version,
        header: file.header,
        gaussians: file.count,
        precision: file.precision,
        chunks: file.chunks,
        metadata: file.metadata,
    })
}

/// The quantised Gaussians of a file that was coded, as the integers that it holds.
///
/// # Errors
/// As [`decode`]; [`Error::Unsupported`] if the file's Gaussians are not coded.
pub fn decode_exact(bytes: &[u8], limits: &ReadLimits) -> Result<Coded> {
    let file = File::parse(bytes, limits)?;
    if file.precision != Precision::Coded {
        return Err(unsupported("its Gaussians are not coded"));
    }
    coded::read(file.gaussians, file.header.size, file.header.channels, limits)
}

/// Reads an `.lgi` file from a stream, such as standard input, to its end.
///
/// # Errors
/// As [`decode`]; [`Error::Io`] if reading fails.
pub fn read(reader: impl Read, limits: &ReadLimits) -> Result<Scene> {
    decode(&read_bounded::from_reader(reader, limits.max_file_bytes)?, limits)
}

/// Reads the `.lgi` file `path`.
///
/// # Errors
/// As [`read`]; [`Error::Io`] if the file cannot be opened. All name the path.
pub fn read_file(path: &Path, limits: &ReadLimits) -> Result<Scene> {
    read_bounded::from_path(path, limits.max_file_bytes)
        .and_then(|bytes| decode(&bytes, limits))
        .map_err(|error| error.at(path))
}

/// A file whose structure is sound: header, checksums, order of chunks, counts.
struct File<'a> {
    version: u16,
    header: Header,
    chunks: Vec<ChunkInfo>,
    gaussians: &'a [u8],
    count: usize,
    precision: Precision,
    metadata: Option<serde_json::Value>,
}

impl<'a> File<'a> {
    fn parse(bytes: &'a [u8], limits: &ReadLimits) -> Result<Self> {
        limits.check_file(bytes)?;
        if bytes.starts_with(&compact::MAGIC) {
            return Self::parse_compact(bytes, limits);
        }
        let mut bytes = Bytes(bytes);
        let header = Header::read(&mut bytes)?;
        limits.check_size(header.size)?;
        let chunks = read_chunks(&mut bytes)?;

        let (gaussians, precision) =
            match (only(&chunks, chunk::FLOAT32)?, only(&chunks, chunk::QUANTIZED16)?) {
                (Some(payload), None) => (payload, Precision::Float32),
                (None, Some(payload)) => (payload, Precision::Quantized16),
                (None, None) => return Err(malformed("it has no chunk of Gaussians")),
                (Some(_), Some(_)) => return Err(malformed("it has two chunks of Gaussians")),
            };
        let count = match precision {
            Precision::Quantized16 => quantized16::count(gaussians, header.channels)?,
            _ => float32::count(gaussians, header.channels)?,
        };
        limits.check_count(count as u64)?;
        let metadata = only(&chunks, chunk::METADATA)?.map(read_metadata).transpose()?;
        let chunks = chunks.iter().map(|chunk| info(chunk::name(chunk.kind), chunk.payload));
        let chunks = chunks.collect();
        Ok(Self { version: VERSION, header, chunks, gaussians, count, precision, metadata })
    }

    fn parse_compact(whole: &'a [u8], limits: &ReadLimits) -> Result<Self> {
        let mut bytes = Bytes(whole);
        let header = compact::read_header(&mut bytes)?;
        let chunks = compact::read_chunks(whole, &mut bytes)?;
        // Not before its checksum was found right.
        limits.check_size(header.size)?;
        let only = |kind: u8| -> Result<Option<&'a [u8]>> {
            let mut found = chunks.iter().filter(|chunk| chunk.kind == kind);
            let first = found.next().map(|chunk| chunk.payload);
            match found.next() {
                Some(_) => Err(malformed(format!("it has two chunks {}", compact::name(kind)))),
                None => Ok(first),
            }
        };
        let Some(gaussians) = only(compact::CODED)? else {
            return Err(malformed("it has no chunk of Gaussians"));
        };
        let count = coded::read_count(gaussians, header.size)?;
        limits.check_count(count)?;
        let metadata = only(compact::METADATA)?.map(read_metadata).transpose()?;
        let chunks =
            chunks.iter().map(|chunk| info(compact::name(chunk.kind).into(), chunk.payload));
        Ok(Self {
            version: COMPACT_VERSION,
            header,
            chunks: chunks.collect(),
            gaussians,
            count: count as usize,
            precision: Precision::Coded,
            metadata,
        })
    }
}

fn info(kind: String, payload: &[u8]) -> ChunkInfo {
    ChunkInfo { kind, payload_bytes: payload.len() as u64 }
}

/// All chunks up to the last, which nothing may follow.
fn read_chunks<'a>(bytes: &mut Bytes<'a>) -> Result<Vec<Chunk<'a>>> {
    const KNOWN: [chunk::Kind; 4] =
        [chunk::FLOAT32, chunk::QUANTIZED16, chunk::METADATA, chunk::DONE];
    let mut chunks = Vec::new();
    loop {
        if bytes.0.is_empty() {
            return Err(malformed("its last chunk, DONE, is missing; the file is cut off"));
        }
        let chunk = Chunk::read(bytes)?;
        if chunk.is_critical() && !KNOWN.contains(&chunk.kind) {
            return Err(unsupported(format!(
                "it needs a chunk {}, which this version does not know; update this program",
                chunk::name(chunk.kind)
            )));
        }
        chunks.push(chunk);
        if chunk.kind == chunk::DONE {
            break;
        }
    }
    match (chunks.last().map_or(0, |done| done.payload.len()), bytes.0.len()) {
        (0, 0) => Ok(chunks),
        (0, more) => Err(malformed(format!("{more} bytes follow its end"))),
        (payload, _) => Err(malformed(format!("its last chunk, DONE, holds {payload} bytes"))),
    }
}

/// The payload of the only chunk of a type, if there is one.
fn only<'a>(chunks: &[Chunk<'a>], kind: chunk::Kind) -> Result<Option<&'a [u8]>> {
    let mut found = chunks.iter().filter(|chunk| chunk.kind == kind);
    let first = found.next();
    if found.next().is_some() {
        return Err(malformed(format!("it has two chunks {}", chunk::name(kind))));
    }
    Ok(first.map(|chunk| chunk.payload))
}

fn read_metadata(payload: &[u8]) -> Result<serde_json::Value> {
    if payload.len() > MAX_METADATA_BYTES {
        return Err(Error::Limit {
            what: "bytes of metadata",
            value: payload.len() as u64,
            limit: MAX_METADATA_BYTES as u64,
        });
    }
    serde_json::from_slice(payload)
        .map_err(|error| malformed(format!("its metadata is no JSON: {error}")))
}
