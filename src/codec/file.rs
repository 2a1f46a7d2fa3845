//! The structure of a file: header, checksums, order of chunks, counts.

use super::bytes::Bytes;
use super::chunk::{self, Chunk};
use super::coded::{self, Payloads};
use super::compact::{self, Arrived, Cut};
use super::{
    COMPACT_VERSION, ChunkInfo, Header, MAX_METADATA_BYTES, Precision, ReadLimits, Scene, VERSION,
    float32, malformed, quantized16, scene, truncated, unsupported,
};
use crate::error::{Error, Result};
use crate::gaussians::Gaussians;
use crate::image::Size;

/// How much of a file must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// As much as can be drawn.
    Arrived,
}

/// The Gaussians of a file, not yet read.
pub(super) enum Stored<'a> {
    Float32(&'a [u8]),
    Quantized16(&'a [u8]),
    Coded(Payloads<'a>),
}

impl Stored<'_> {
    pub fn precision(&self) -> Precision {
        match self {
            Self::Float32(_) => Precision::Float32,
            Self::Quantized16(_) => Precision::Quantized16,
            Self::Coded(_) => Precision::Coded,
        }
    }

    fn read(&self, size: Size, channels: usize, limits: &ReadLimits) -> Result<Gaussians> {
        match self {
            Self::Float32(payload) => float32::read(payload, channels),
            Self::Quantized16(payload) => quantized16::read(payload, channels),
            Self::Coded(payloads) => Ok(coded::read(payloads, size, channels, limits)?.gaussians()),
        }
    }
}

/// A file whose structure is sound: header, checksums, order of chunks, counts.
pub(super) struct File<'a> {
    pub version: u16,
    pub header: Header,
    pub chunks: Vec<ChunkInfo>,
    pub gaussians: Stored<'a>,
    pub count: usize,
    pub metadata: Option<serde_json::Value>,
    pub is_whole: bool,
}

impl<'a> File<'a> {
    pub fn parse(bytes: &'a [u8], limits: &ReadLimits, extent: Extent) -> Result<Self> {
        limits.check_file(bytes)?;
        if bytes.starts_with(&compact::MAGIC) {
            Self::parse_compact(bytes, limits, extent)
        } else {
            // Nothing can be drawn before the last Gaussian is there.
            Self::parse_plain(bytes, limits)
        }
    }

    fn parse_plain(bytes: &'a [u8], limits: &ReadLimits) -> Result<Self> {
        let mut bytes = Bytes(bytes);
        let header = Header::read(&mut bytes)?;
        limits.check_size(header.size)?;
        let chunks = read_chunks(&mut bytes)?;

        let (float32, quantized16) =
            (only(&chunks, chunk::FLOAT32)?, only(&chunks, chunk::QUANTIZED16)?);
        let (gaussians, count) = match (float32, quantized16) {
            (Some(payload), None) => {
                (Stored::Float32(payload), float32::count(payload, header.channels)?)
            }
            (None, Some(payload)) => {
                (Stored::Quantized16(payload), quantized16::count(payload, header.channels)?)
            }
            (None, None) => return Err(malformed("it has no chunk of Gaussians")),
            (Some(_), Some(_)) => return Err(malformed("it has two chunks of Gaussians")),
        };
        limits.check_count(count as u64)?;
        let metadata = only(&chunks, chunk::METADATA)?.map(read_metadata).transpose()?;
        let chunks = chunks.iter().map(|chunk| info(chunk::name(chunk.kind), chunk.payload));
        let chunks = chunks.collect();
        Ok(Self { version: VERSION, header, chunks, gaussians, count, metadata, is_whole: true })
    }

    fn parse_compact(whole: &'a [u8], limits: &ReadLimits, extent: Extent) -> Result<Self> {
        let mut bytes = Bytes(whole);
        let header = compact::read_header(&mut bytes)?;
        let Arrived { chunks, cut } = compact::read_chunks(whole, &mut bytes)?;
        let is_whole = cut.is_none();
        let cut = match (cut, extent) {
            (Some(cut), Extent::Whole) => return Err(cut.error),
            (cut, _) => cut,
        };
        // Not before its checksum was found right, if that has arrived.
        limits.check_size(header.size)?;
        let payloads = payloads(&chunks, cut)?;
        let count = coded::read_count(&payloads, header.size, header.channels)?;
        limits.check_count(count)?;
        let mut metadata = chunks.iter().filter(|chunk| chunk.kind == compact::METADATA);
        let first = metadata.next();
        if metadata.next().is_some() {
            return Err(malformed("it has two chunks meta"));
        }
        let metadata = first.map(|chunk| read_metadata(chunk.payload)).transpose()?;
        let chunks =
            chunks.iter().map(|chunk| info(compact::name(chunk.kind).into(), chunk.payload));
        Ok(Self {
            version: COMPACT_VERSION,
            header,
            chunks: chunks.collect(),
            gaussians: Stored::Coded(payloads),
            count: count as usize,
            metadata,
            is_whole,
        })
    }

    pub fn into_scene(self, limits: &ReadLimits) -> Result<Scene> {
        let Header { size, channels, bit_depth, blend } = self.header;
        let gaussians = self.gaussians.read(size, channels, limits)?;
        scene::check_gaussians(&gaussians, 1.01).map_err(|error| malformed(error.to_string()))?;
        limits.check_pairs(&gaussians, size)?;
        Ok(Scene { size, bit_depth, blend, gaussians, metadata: self.metadata })
    }
}

/// The coded Gaussians among the chunks that are whole and the one that is cut off.
fn payloads<'a>(chunks: &[compact::Chunk<'a>], cut: Option<Cut<'a>>) -> Result<Payloads<'a>> {
    let mut found: Option<Payloads> = None;
    for chunk in chunks {
        match (chunk.kind, &mut found) {
            (compact::CODED, None) => {
                found = Some(Payloads { first: chunk.payload, is_cut: false, layers: Vec::new() });
            }
            (compact::CODED, Some(_)) => return Err(malformed("it has two chunks GCOD")),
            (compact::LAYER, Some(payloads)) => payloads.layers.push(chunk.payload),
            (compact::LAYER, None) => {
                return Err(malformed("a layer stands before its chunk GCOD"));
            }
            _ => {}
        }
    }
    match (found, cut) {
        (Some(payloads), _) => Ok(payloads),
        (None, None) => Err(malformed("it has no chunk of Gaussians")),
        (None, Some(Cut { chunk: Some(chunk), .. })) if chunk.kind == compact::CODED => {
            Ok(Payloads { first: chunk.payload, is_cut: true, layers: Vec::new() })
        }
        (None, Some(cut)) => Err(cut.error),
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
            return Err(truncated("its last chunk, DONE, is missing; the file is cut off"));
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
