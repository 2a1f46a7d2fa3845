//! The pictures that are fitted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lgi::image::{self, Image, Limits, PictureFormat, Size};

use crate::Result;
use crate::arguments::{Arguments, QUICK_PICTURES};

/// Where there are no others.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample.png");

/// A picture and what tables call it.
pub struct Picture {
    pub name: String,
    pub path: PathBuf,
    pub target: Arc<Image>,
}

impl Picture {
    /// The pictures that were asked for, in the order of their names.
    ///
    /// # Errors
    /// Those of reading; also if there are none.
    pub fn load_all(arguments: &Arguments) -> Result<Vec<Self>> {
        let mut paths = match &arguments.pictures {
            Some(directory) => pictures_in(directory)?,
            None => vec![SAMPLE.into()],
        };
        if arguments.quick {
            paths.truncate(QUICK_PICTURES);
        }
        paths.into_iter().map(Self::load).collect()
    }

    fn load(path: PathBuf) -> Result<Self> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let target = Arc::new(load(&path)?);
        Ok(Self { name, path, target })
    }
}

/// Reads one picture.
///
/// # Errors
/// As [`image::load`].
pub fn load(path: &Path) -> lgi::Result<Image> {
    Ok(image::load(path, &Limits::default())?.image)
}

fn pictures_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?
    {
        let path = entry?.path();
        if path.is_file() && PictureFormat::from_path(&path).is_ok() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(format!("no pictures in {}", directory.display()).into());
    }
    paths.sort();
    Ok(paths)
}

/// Writes the picture `from`, brought to `size`, as the file `to`.
///
/// # Errors
/// Those of reading and writing.
pub fn write_resized(from: &Path, size: Size, to: &Path) -> Result<()> {
    let (width, height) = (u32::try_from(size.width)?, u32::try_from(size.height)?);
    let filter = ::image::imageops::FilterType::CatmullRom;
    let resized =
        ::image::imageops::resize(&::image::open(from)?.into_rgb8(), width, height, filter);
    Ok(resized.save(to)?)
}
