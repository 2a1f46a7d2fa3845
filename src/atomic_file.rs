//! Files that appear whole or not at all.
//!
//! Contents go to a temporary file in the same directory, are forced to disk, and take the final
//! name in one step. A crash, a full disk or an interrupt leaves the old file, or none.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Writes `bytes` as the file `path` in one step.
///
/// A new file gets the usual permissions (read and write for all, less the umask); a replaced one
/// keeps its own. A symbolic link stays, and the file that it points to is replaced. Devices and
/// pipes such as `/dev/null` cannot be replaced and are written to as they are.
///
/// # Errors
/// [`Error::Invalid`] if the file exists and `overwrite` is false, [`Error::Io`] if the system
/// refuses; both name the path. Nothing is left behind.
pub fn write(path: &Path, bytes: &[u8], overwrite: bool) -> Result<()> {
    write_unnamed(path, bytes, overwrite).map_err(|error| error.at(path))
}

/// Checks early, before hours of work, what [`write()`] would find at `path`.
///
/// # Errors
/// [`Error::Invalid`] if the file exists and `overwrite` is false, or if `path` is a directory;
/// [`Error::Io`] if its directory does not exist. All name the path.
pub fn check(path: &Path, overwrite: bool) -> Result<()> {
    check_unnamed(path, overwrite).map_err(|error| error.at(path))
}

fn check_unnamed(path: &Path, overwrite: bool) -> Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            Err(Error::Invalid("cannot write a file here: it is a directory".into()))
        }
        Ok(found) if found.is_file() && !overwrite => Err(already_exists()),
        Ok(_) => Ok(()),
        Err(_) => {
            let directory = fs::metadata(directory_of(path));
            if !directory.map_err(|source| Error::io("create", source))?.is_dir() {
                return Err(Error::io("create", std::io::ErrorKind::NotADirectory.into()));
            }
            Ok(())
        }
    }
}

fn write_unnamed(path: &Path, bytes: &[u8], overwrite: bool) -> Result<()> {
    check_unnamed(path, overwrite)?;
    let found = fs::metadata(path).ok();
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        return fs::write(path, bytes).map_err(|source| Error::io("write", source));
    }
    // Renaming over a symbolic link would replace the link, not the file.
    let target = if found.is_some() {
        fs::canonicalize(path).map_err(|source| Error::io("write", source))?
    } else {
        path.to_owned()
    };

    let mut file =
        new_temporary(&directory_of(&target)).map_err(|source| Error::io("create", source))?;
    let written = (|| {
        file.write_all(bytes)?;
        if let Some(found) = &found {
            file.as_file().set_permissions(found.permissions())?;
        }
        file.as_file().sync_all()
    })();
    written.map_err(|source| Error::io("write", source))?;

    let placed = if overwrite { file.persist(&target) } else { file.persist_noclobber(&target) };
    placed.map(drop).map_err(|failed| match failed.error.kind() {
        // Someone else was faster than the check above.
        std::io::ErrorKind::AlreadyExists => already_exists(),
        _ => Error::io("write", failed.error),
    })
}

fn new_temporary(directory: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".lgi-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default; this one becomes a file like any other.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn already_exists() -> Error {
    Error::Invalid("the file exists already; choose another name or allow overwriting".into())
}
