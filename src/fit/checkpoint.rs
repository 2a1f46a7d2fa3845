//! Checkpoints: a fit as JSON, to be gone on with.

use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::FitOptions;
use super::state::State;
use crate::atomic_file;
use crate::error::{Error, Result};
use crate::image::Image;

/// Version of the format; a change that old readers cannot take raises it.
const VERSION: u32 = 2;

const WHAT: &str = "checkpoint";

/// Tells pictures apart, so that a fit is not gone on with against another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureId {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Channels.
    pub channels: usize,
    /// CRC-32 of the values, little-endian float32, planar.
    pub crc32: u32,
}

impl PictureId {
    /// The identity of `picture`.
    pub fn of(picture: &Image) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        for value in picture.data() {
            hasher.update(&value.to_le_bytes());
        }
        let size = picture.size();
        Self {
            width: size.width,
            height: size.height,
            channels: picture.channels(),
            crc32: hasher.finalize(),
        }
    }
}

/// The whole state of a fit: parameters, best state, optimizer state, random state, options.
///
/// Numbers are written so that they are read back to the bit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u32,
    /// The picture that was being fitted.
    pub picture: PictureId,
    /// The options of the run that wrote it.
    pub options: FitOptions,
    pub(super) optimizer: serde_json::Value,
    pub(super) state: State,
}

impl Checkpoint {
    pub(super) fn new(
        picture: PictureId,
        options: FitOptions,
        optimizer: serde_json::Value,
        state: State,
    ) -> Self {
        Self { version: VERSION, picture, options, optimizer, state }
    }

    /// Number of updates made.
    pub fn iteration(&self) -> u64 {
        self.state.iteration
    }

    /// What the parts of the method remember, by their names.
    pub fn optimizer(&self) -> &serde_json::Value {
        &self.optimizer
    }

    /// Writes the checkpoint, replacing an older one; never leaves half a file.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_json(path, self)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Malformed`] or [`Error::Unsupported`] with the path.
    pub fn read(path: &Path) -> Result<Self> {
        read_with(path, Self::parse)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let checkpoint: Self = parse_version(bytes, VERSION)?;
        checkpoint.check_values()?;
        Ok(checkpoint)
    }

    /// Checks the numbers of a checkpoint that was read.
    pub(crate) fn check_values(&self) -> Result<()> {
        self.state.gaussians.check()?;
        self.state.best.as_ref().map_or(Ok(()), |best| best.gaussians.check())
    }

    /// Checks that a fit of `picture` with `options` can go on from here.
    pub(super) fn check(&self, picture: &PictureId, options: &FitOptions) -> Result<()> {
        self.picture.check_is(picture)?;
        self.options.check_goes_on(options)
    }
}

impl PictureId {
    /// Checks that a checkpoint of this picture is gone on with against the same.
    pub(crate) fn check_is(&self, picture: &Self) -> Result<()> {
        if self == picture {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "the checkpoint is of another picture: {}x{} with {} channels, CRC {:08x}, not \
             {}x{} with {} channels, CRC {:08x}",
            self.width,
            self.height,
            self.channels,
            self.crc32,
            picture.width,
            picture.height,
            picture.channels,
            picture.crc32
        )))
    }
}

impl FitOptions {
    /// Checks that a fit with these options can be gone on with by `options`.
    pub(crate) fn check_goes_on(&self, options: &Self) -> Result<()> {
        let fixed = [
            ("covariance", &self.covariance, &options.covariance),
            ("start", &self.start, &options.start),
        ];
        for (name, ours, theirs) in fixed {
            if ours != theirs {
                return Err(Error::Invalid(format!(
                    "a resumed fit keeps its {name}: {ours}, not {theirs}"
                )));
            }
        }
        if self.gaussians != options.gaussians {
            return Err(Error::Invalid(format!(
                "a resumed fit keeps its number of Gaussians: {}, not {}",
                self.gaussians, options.gaussians
            )));
        }
        Ok(())
    }
}

/// Extension of checkpoints that are packed (gzip): about half the size.
pub const PACKED: &str = "gz";

/// Most bytes of a packed checkpoint that is unpacked.
const MAX_BYTES: u64 = 1 << 32;

/// The first bytes of a packed file.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Writes a checkpoint of whatever kind, replacing an older one; never leaves half a file. One
/// whose name ends in [`PACKED`] is packed.
///
/// # Errors
/// [`Error::Io`] with the path.
pub(crate) fn write_json(path: &Path, checkpoint: &impl Serialize) -> Result<()> {
    let wrong = |error: &dyn std::fmt::Display| {
        Error::Invalid(format!("{WHAT} cannot be written: {error}"))
    };
    let mut bytes = serde_json::to_vec(checkpoint).map_err(|error| wrong(&error))?;
    if path.extension().is_some_and(|extension| extension == PACKED) {
        // Numbers are random digits: more effort packs them no tighter.
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        let done = packed.write_all(&bytes).and_then(|()| packed.finish());
        bytes = done.map_err(|error| wrong(&error))?;
    }
    atomic_file::write(path, &bytes, true)
}

fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    let mut json = Vec::new();
    let read = GzDecoder::new(bytes.as_slice()).take(MAX_BYTES).read_to_end(&mut json);
    let message = |error: std::io::Error| error.to_string();
    read.map_err(|error| Error::Malformed { what: WHAT, message: message(error) })?;
    Ok(json)
}

/// Reads a checkpoint that `parse` knows, packed or not; errors name the path.
///
/// # Errors
/// [`Error::Io`], and those of `parse`.
pub(crate) fn read_with<T>(path: &Path, parse: impl Fn(&[u8]) -> Result<T>) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("read", e).at(path))?;
    unpacked(bytes).and_then(|json| parse(&json)).map_err(|error| error.at(path))
}

/// Reads the JSON of a checkpoint, if it is of this version.
///
/// # Errors
/// [`Error::Malformed`] or [`Error::Unsupported`].
pub(crate) fn parse_version<T: DeserializeOwned>(bytes: &[u8], version: u32) -> Result<T> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let malformed =
        |error: serde_json::Error| Error::Malformed { what: WHAT, message: error.to_string() };
    let Version { version: found } = serde_json::from_slice(bytes).map_err(malformed)?;
    if found != version {
        return Err(Error::Unsupported {
            what: WHAT,
            message: format!("version {found}; this program reads version {version}"),
        });
    }
    serde_json::from_slice(bytes).map_err(malformed)
}
