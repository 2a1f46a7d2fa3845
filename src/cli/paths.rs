//! Where input comes from and where output goes.

use std::collections::HashMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use lgi::image::PictureFormat;
use lgi::{Error, Result as LibraryResult, atomic_file, read_bounded};

use super::failure::{Failure, Result};

/// The name that stands for standard input or output.
const STANDARD: &str = "-";

/// A file, or the standard stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Standard input or standard output.
    Standard,
    /// A file.
    File(PathBuf),
}

impl Place {
    /// The place that an argument names.
    pub fn of(path: &Path) -> Self {
        if path == Path::new(STANDARD) { Self::Standard } else { Self::File(path.to_owned()) }
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::File(path) => Some(path),
        }
    }

    /// All bytes of this input.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Limit`] with the path.
    pub fn read(&self, max_bytes: u64) -> LibraryResult<Vec<u8>> {
        match self {
            Self::Standard => read_bounded::from_reader(std::io::stdin().lock(), max_bytes),
            Self::File(path) => read_bounded::from_path(path, max_bytes),
        }
        .map_err(|error| self.blame(error))
    }

    /// Names this input in an error.
    pub fn blame(&self, error: Error) -> Error {
        error.at(self.file().unwrap_or(Path::new("standard input")))
    }

    /// What files beside the output are called after: the name without directory and extension.
    pub fn stem(&self) -> String {
        let stem = self.file().and_then(Path::file_stem);
        stem.map_or_else(|| "stdin".into(), |stem| stem.to_string_lossy().into_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str(STANDARD),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// One input and where its output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What is read.
    pub input: Place,
    /// What is written.
    pub output: Place,
}

/// Gives every input its output.
///
/// Without `output`, that is the input with another `extension`, and standard output for standard
/// input. A directory takes many.
///
/// # Errors
/// [`Failure::Usage`] if two inputs have the same output, or one would overwrite itself.
pub fn plan(inputs: &[PathBuf], output: Option<&Path>, extension: &str) -> Result<Vec<Job>> {
    if inputs.iter().filter(|input| Place::of(input) == Place::Standard).count() > 1 {
        return Err(Failure::usage("standard input (-) can be read only once"));
    }
    let directory = output.filter(|path| is_directory(path));
    if let (Some(output), None, true) = (output, directory, inputs.len() > 1) {
        return Err(Failure::usage(format!(
            "{} inputs need a directory as --output (one that exists, or with a slash at its \
             end): {}",
            inputs.len(),
            output.display()
        )));
    }
    let jobs: Vec<Job> = inputs
        .iter()
        .map(|input| {
            let input = Place::of(input);
            let output = match (output, directory) {
                (_, Some(directory)) => {
                    // Not `with_extension`: it would cut `a.b` of `a.b.png` once more.
                    Place::File(directory.join(format!("{}.{extension}", input.stem())))
                }
                (Some(output), None) => Place::of(output),
                (None, None) => beside(&input, extension),
            };
            Job { input, output }
        })
        .collect();
    check_distinct(&jobs)?;
    Ok(jobs)
}

/// Makes the directory of `output` if it is one that is written with a slash at its end.
///
/// # Errors
/// As [`create_directory`].
pub fn make_output_directory(output: Option<&Path>) -> LibraryResult<()> {
    output.filter(|path| is_directory(path)).map_or(Ok(()), create_directory)
}

/// Makes a directory and those above it, unless they exist.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn create_directory(path: &Path) -> LibraryResult<()> {
    std::fs::create_dir_all(path).map_err(|error| {
        // It would say that the file exists, which is not what is wrong.
        let is_file = error.kind() == ErrorKind::AlreadyExists;
        let error = if is_file { ErrorKind::NotADirectory.into() } else { error };
        Error::io("create", error).at(path)
    })
}

/// Checks before the work that the output may be written after it.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Io`] with the path.
pub fn check_output(output: &Path, force: bool) -> LibraryResult<()> {
    if !force && output.is_file() {
        let message = "the file exists already; add --force to replace it";
        return Err(Error::Invalid(message.into()).at(output));
    }
    atomic_file::check(output, force)
}

/// Whether the output's name is that of a picture.
pub fn picture_format(output: &Path) -> Option<PictureFormat> {
    PictureFormat::from_path(output).ok()
}

fn is_directory(path: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    let last = text.last().copied().unwrap_or_default();
    path.is_dir() || std::path::is_separator(char::from(last))
}

fn beside(input: &Place, extension: &str) -> Place {
    match input {
        Place::Standard => Place::Standard,
        Place::File(path) => Place::File(path.with_extension(extension)),
    }
}

fn check_distinct(jobs: &[Job]) -> Result<()> {
    let mut takers: HashMap<&Path, &Place> = HashMap::new();
    for Job { input, output } in jobs {
        let Some(path) = output.file() else { continue };
        if input.file().is_some_and(|input| is_same_file(input, path)) {
            return Err(Failure::usage(format!(
                "the output would replace the input; choose another --output: {input}"
            )));
        }
        if let Some(other) = takers.insert(path, input) {
            return Err(Failure::usage(format!(
                "{other} and {input} would have the same output; encode them into two \
                 directories: {output}"
            )));
        }
    }
    Ok(())
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    // A device such as /dev/null is no loss.
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b && a.is_file(),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(inputs: &[&str], output: Option<&str>) -> Result<Vec<String>, String> {
        let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
        let jobs = plan(&inputs, output.map(Path::new), "lgi").map_err(|e| e.to_string())?;
        Ok(jobs.into_iter().map(|job| job.output.to_string()).collect())
    }

    #[test]
    fn outputs_stand_next_to_inputs() {
        assert_eq!(outputs(&["a/b.c.png", "-"], None).unwrap(), ["a/b.c.lgi", "-"]);
        assert_eq!(outputs(&["a/b.c.png"], Some("d.png")).unwrap(), ["d.png"]);
        assert_eq!(outputs(&["a/b.c.png", "e"], Some("d/")).unwrap(), ["d/b.c.lgi", "d/e.lgi"]);
        assert_eq!(outputs(&["-"], Some("d/")).unwrap(), ["d/stdin.lgi"]);
    }

    #[test]
    fn outputs_do_not_collide() {
        assert!(outputs(&["a.png", "b.png"], Some("c.lgi")).unwrap_err().contains("directory"));
        assert!(outputs(&["a.png", "a.jpg"], None).unwrap_err().contains("a.png and a.jpg"));
        assert!(outputs(&["-", "-"], None).unwrap_err().contains("once"));
        assert!(outputs(&["a.lgi"], None).unwrap_err().contains("replace the input"));
    }
}
