//! The pictures of an experiment: built in, by path, or by pattern.

use std::path::Path;
use std::sync::Arc;

use super::text;
use crate::error::{Error, Result};
use crate::image::{self, Image, Limits, Region, Size};

/// Name of the ramp with checks.
const SYNTHETIC: &str = "synthetic";

/// Name of the photograph that is part of this program.
const SAMPLE: &str = "sample";

/// 384x256.
const SAMPLE_PNG: &[u8] = include_bytes!("../../assets/sample.png");

/// A picture and what tables call it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Without directory and extension.
    pub name: String,
    /// What is fitted.
    pub target: Arc<Image>,
}

/// Reads pictures: `synthetic` and `sample` are built in; others are paths, or patterns such as
/// `photos/*.png`. `#WIDTHxHEIGHT+LEFT+TOP` at the end takes a part. `crop`, `WIDTHxHEIGHT`, takes
/// the middle of those that have no part of their own and are larger.
///
/// # Errors
/// [`Error::Invalid`] naming what is wrong; those of reading, with the path.
pub fn read(names: &[String], crop: Option<&str>) -> Result<Vec<Picture>> {
    let crop = crop.map(size).transpose()?;
    let mut pictures: Vec<Picture> = Vec::new();
    for name in names {
        let (place, region) = match name.split_once('#') {
            Some((place, region)) => {
                let region = region.parse::<Region>();
                let region = region
                    .map_err(|message| Error::Invalid(format!("pictures: {name:?}: {message}")))?;
                (place, Some(region))
            }
            None => (name.as_str(), None),
        };
        for (name, image) in images(place)? {
            let region = region.or_else(|| crop.and_then(|crop| middle(image.size(), crop)));
            let target = match region {
                Some(region) => {
                    Arc::new(image.part(region).map_err(|error| text::within("pictures", error))?)
                }
                None => Arc::new(image),
            };
            let same = pictures.iter().filter(|other| other.name == name).count();
            let name = if same > 0 { format!("{name}-{}", same + 1) } else { name };
            pictures.push(Picture { name, target });
        }
    }
    if pictures.is_empty() {
        return Err(Error::Invalid("pictures: there are none".into()));
    }
    Ok(pictures)
}

fn size(text: &str) -> Result<Size> {
    let numbers = text.split_once('x').and_then(|(width, height)| {
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
        Some(Size::new(number(width)?, number(height)?))
    });
    numbers.ok_or_else(|| {
        Error::Invalid(format!("crop: {text:?} is not WIDTHxHEIGHT, such as 256x256"))
    })
}

fn images(place: &str) -> Result<Vec<(String, Image)>> {
    match place {
        SYNTHETIC => Ok(vec![(place.into(), synthetic())]),
        SAMPLE => {
            let loaded = image::decode(SAMPLE_PNG, &Limits::default())?;
            Ok(vec![(place.into(), loaded.image)])
        }
        _ => paths(place)?
            .iter()
            .map(|path| {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                Ok((name, image::load(path, &Limits::default())?.image))
            })
            .collect(),
    }
}

/// The files of a pattern in the order of their names; a path that is no pattern is its own.
fn paths(pattern: &str) -> Result<Vec<std::path::PathBuf>> {
    if Path::new(pattern).exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![pattern.into()]);
    }
    let wrong = |error: String| Error::Invalid(format!("pictures: {pattern:?}: {error}"));
    let found = glob::glob(pattern).map_err(|error| wrong(error.to_string()))?;
    let paths: Vec<_> =
        found.collect::<std::result::Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
    if paths.is_empty() {
        return Err(wrong("no file is called like that".into()));
    }
    Ok(paths)
}

/// The middle of a picture that is larger than `size`.
fn middle(whole: Size, size: Size) -> Option<Region> {
    let size = Size::new(size.width.min(whole.width), size.height.min(whole.height));
    (size != whole).then(|| Region {
        left: (whole.width - size.width) / 2,
        top: (whole.height - size.height) / 2,
        size,
    })
}

/// 64x64, gray in RGB: a ramp from 0 to 0.7, and 0.2 more in every other square of 8 pixels.
fn synthetic() -> Image {
    const SIDE: usize = 64;
    let mut image = Image::zeros(Size::new(SIDE, SIDE), 3);
    for channel in 0..3 {
        for (place, value) in image.plane_mut(channel).iter_mut().enumerate() {
            let (x, y) = (place % SIDE, place / SIDE);
            let check = if (x / 8 + y / 8).is_multiple_of(2) { 0.2 } else { 0.0 };
            *value = 0.7 * x as f32 / SIDE as f32 + check;
        }
    }
    image
}
