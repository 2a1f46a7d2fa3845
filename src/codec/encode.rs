//! Scenes into files.

use std::path::Path;

use super::coded::{self, Coded, Order};
use super::{Header, MAX_METADATA_BYTES, Scene, chunk, compact, float32, quantized16};
use crate::atomic_file;
use crate::blend::Blend;
use crate::error::{Error, Result};

/// How exactly parameters are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32-bit floats: what is read is what was written, to the bit.
    #[default]
    Float32,
    /// 16 bits a parameter over the range that it takes in the scene; less than half the size.
    Quantized16,
    /// Quantised by what each parameter is worth to the picture, and entropy coded: some 3 bytes
    /// a Gaussian. [`crate::compress`] makes such files; a [`Scene`] cannot be written so.
    Coded,
}

/// How to write a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// How exactly parameters are stored.
    pub precision: Precision,
    /// Whether a file of the same name may be replaced.
    pub overwrite: bool,
}

/// `scene` as an `.lgi` file in memory; the same scene gives the same bytes.
///
/// # Errors
/// [`Error::Invalid`] if the scene holds what a file cannot: other channels than 1, 3 or 4,
/// values that are not finite or out of range, metadata of more than [`MAX_METADATA_BYTES`].
/// [`Error::Limit`] if there are more Gaussians than 4 GiB hold.
pub fn encode(scene: &Scene, options: &WriteOptions) -> Result<Vec<u8>> {
    scene.check()?;
    let metadata = scene.metadata.as_ref().map(metadata_bytes).transpose()?;

    let mut out = Vec::new();
    scene.header().write(&mut out);
    if let Some(metadata) = metadata {
        chunk::write(&mut out, chunk::METADATA, |out| out.extend_from_slice(&metadata))?;
    }
    let gaussians = &scene.gaussians;
    match options.precision {
        Precision::Float32 => {
            chunk::write(&mut out, chunk::FLOAT32, |out| float32::write(gaussians, out))?;
        }
        Precision::Quantized16 => {
            chunk::write(&mut out, chunk::QUANTIZED16, |out| quantized16::write(gaussians, out))?;
        }
        Precision::Coded => {
            return Err(Error::Invalid("a scene must be quantised before it is coded".into()));
        }
    }
    chunk::write(&mut out, chunk::DONE, |_| ())?;
    Ok(out)
}

/// Quantised Gaussians as an `.lgi` file in memory; the same give the same bytes, in whatever order
/// they are handed over.
///
/// # Errors
/// [`Error::Invalid`] if a file cannot hold them, or their metadata.
pub fn encode_exact(
    coded: &Coded,
    order: Order,
    bit_depth: u8,
    metadata: Option<&serde_json::Value>,
) -> Result<Vec<u8>> {
    let metadata = metadata.map(metadata_bytes).transpose()?;
    let Coded { size, channels, .. } = *coded;
    let mut out = Vec::new();
    let header = Header { size, channels, bit_depth, blend: Blend::Additive };
    compact::write_header(&header, &mut out);
    let mut covered = 0;
    if let Some(metadata) = metadata {
        compact::write_chunk(&mut out, covered, compact::METADATA, false, &metadata);
        covered = out.len();
    }
    let payloads = coded::write(coded, order)?;
    for (index, payload) in payloads.iter().enumerate() {
        let kind = if index == 0 { compact::CODED } else { compact::LAYER };
        compact::write_chunk(&mut out, covered, kind, index + 1 == payloads.len(), payload);
        covered = out.len();
    }
    Ok(out)
}

/// Writes `scene` as the file `path`, whole or not at all.
///
/// # Errors
/// As [`encode`]; [`Error::Invalid`] if the file exists and may not be replaced, [`Error::Io`] if
/// the system refuses. All name the path.
pub fn write_file(path: &Path, scene: &Scene, options: &WriteOptions) -> Result<()> {
    encode(scene, options)
        .and_then(|bytes| atomic_file::write(path, &bytes, options.overwrite))
        .map_err(|error| error.at(path))
}

fn metadata_bytes(metadata: &serde_json::Value) -> Result<Vec<u8>> {
    let bytes = serde_json::to_vec(metadata)
        .map_err(|error| Error::Invalid(format!("the metadata is no JSON: {error}")))?;
    if bytes.len() > MAX_METADATA_BYTES {
        return Err(Error::Limit {
            what: "bytes of metadata",
            value: bytes.len() as u64,
            limit: MAX_METADATA_BYTES as u64,
        });
    }
    Ok(bytes)
}
