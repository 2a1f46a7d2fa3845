//! Files into scenes.

use std::io::Read;
use std::path::Path;

use super::coded::{self, Coded, Order, Part, Tables};
use super::file::{Extent, File, Stored};
use super::{Header, Precision, ReadLimits, Scene, unsupported};
use crate::error::Result;
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
/// [`crate::Error::Truncated`] if its end is missing; [`crate::Error::Malformed`] if a checksum, a
/// length or a value is wrong; [`crate::Error::Unsupported`] if it is another kind of file, another
/// version or needs a chunk that is not known; [`crate::Error::Limit`] if it asks for more than `limits` allow.
pub fn decode(bytes: &[u8], limits: &ReadLimits) -> Result<Scene> {
    File::parse(bytes, limits, Extent::Whole)?.into_scene(limits)
}

/// What has arrived of a file, see [`decode_partial`].
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// The picture, with the Gaussians that there are.
    pub scene: Scene,
    /// Whether nothing is missing.
    pub is_whole: bool,
}

/// Reads the beginning of a file of coded Gaussians: all that can be drawn of it. Of a whole file,
/// of whatever kind, it gives what [`decode`] gives.
///
/// A progressive file has layers ([`coded::Order`]); those that are whole are drawn, and each has
/// passed its checksum. Of one that is not whole nothing is believed, unless it is the first:
/// there, every Gaussian is taken up to the first that a missing byte may have had a say in.
/// Without damage before the cut they are those of the whole file. A checksum that is there and
/// wrong is an error here too.
///
/// # Errors
/// [`crate::Error::Truncated`] if so little has arrived that there is nothing to draw; else as
/// [`decode`].
pub fn decode_partial(bytes: &[u8], limits: &ReadLimits) -> Result<Partial> {
    let file = File::parse(bytes, limits, Extent::Arrived)?;
    let is_whole = file.is_whole;
    Ok(Partial { scene: file.into_scene(limits)?, is_whole })
}

/// Checks a file's structure and checksums and says what it holds.
///
/// # Errors
/// As [`decode`], except that the values of the Gaussians and the work of drawing them are not
/// checked.
pub fn probe(bytes: &[u8], limits: &ReadLimits) -> Result<FileInfo> {
    let file = File::parse(bytes, limits, Extent::Whole)?;
    Ok(FileInfo {
        version: file.version,
        header: file.header,
        gaussians: file.count,
        precision: file.gaussians.precision(),
        chunks: file.chunks,
        metadata: file.metadata,
    })
}

/// The quantised Gaussians of a file that was coded, as the integers that it holds.
///
/// # Errors
/// As [`decode`]; [`crate::Error::Unsupported`] if the file's Gaussians are not coded.
pub fn decode_exact(bytes: &[u8], limits: &ReadLimits) -> Result<Coded> {
    let file = File::parse(bytes, limits, Extent::Whole)?;
    match &file.gaussians {
        Stored::Coded(payloads) => {
            coded::read(payloads, file.header.size, file.header.channels, limits)
        }
        _ => Err(unsupported("its Gaussians are not coded")),
    }
}

/// The bits that each part of a coded file takes, see [`coded::bits_of_parts`].
///
/// # Errors
/// As [`decode_exact`].
pub fn bits_of_parts(bytes: &[u8], limits: &ReadLimits) -> Result<Vec<(Part, f64)>> {
    let file = File::parse(bytes, limits, Extent::Whole)?;
    let order = match &file.gaussians {
        Stored::Coded(payloads) if !payloads.layers.is_empty() => Order::Progressive,
        _ => Order::Sequential,
    };
    coded::bits_of_parts(&decode_exact(bytes, limits)?, order, Tables::Trained)
}

/// Reads an `.lgi` file from a stream, such as standard input, to its end.
///
/// # Errors
/// As [`decode`]; [`crate::Error::Io`] if reading fails.
pub fn read(reader: impl Read, limits: &ReadLimits) -> Result<Scene> {
    decode(&read_bounded::from_reader(reader, limits.max_file_bytes)?, limits)
}

/// Reads the `.lgi` file `path`.
///
/// # Errors
/// As [`read`]; [`crate::Error::Io`] if the file cannot be opened. All name the path.
pub fn read_file(path: &Path, limits: &ReadLimits) -> Result<Scene> {
    read_bounded::from_path(path, limits.max_file_bytes)
        .and_then(|bytes| decode(&bytes, limits))
        .map_err(|error| error.at(path))
}
