//! Reading a whole file or stream that may be larger than anyone expects.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};

const WHAT: &str = "bytes in the file (raise max-file-bytes to allow more)";

/// Everything in `reader`, unless it is more than `max_bytes`.
///
/// Memory grows with what arrives, never with what a header or a file system promises.
pub fn from_reader(reader: impl Read, max_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| Error::io("read", source))?;
    if bytes.len() as u64 > max_bytes {
        // How much more there is nobody knows: a stream may never end.
        return Err(Error::Limit { what: WHAT, value: bytes.len() as u64, limit: max_bytes });
    }
    Ok(bytes)
}

/// Everything in the file `path`, unless it is more than `max_bytes`; errors do not name it.
pub fn from_path(path: &Path, max_bytes: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|source| Error::io("open", source))?;
    let length = file.metadata().map_err(|source| Error::io("read", source))?.len();
    if length > max_bytes {
        return Err(Error::Limit { what: WHAT, value: length, limit: max_bytes });
    }
    from_reader(file, max_bytes)
}
