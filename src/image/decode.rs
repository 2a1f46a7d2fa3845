//! Picture files into [`Image`]s.
//!
//! # Policy
//! - The format is found by content; a JPEG named `.png` loads.
//! - Gray gives 1 channel, RGB 3. An alpha channel (or PNG transparency) gives RGBA, also for
//!   gray, unless every pixel is fully opaque: then it is dropped.
//! - 8-bit samples are v/255, 16-bit ones v/65535; 1, 2 and 4 bits and palettes are expanded.
//! - Values stay as encoded: no gamma, no colour profile is applied. CMYK becomes RGB.
//! - The orientation that a camera noted (Exif, TIFF tag) is applied.
//! - Of animations the first frame is taken; of TIFF files the first page.

use std::io::{Cursor, Read};
use std::path::Path;

use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder, ImageError, ImageReader};

use super::interleave::{Sample, gather};
use super::limits::{Limits, check_plausible, png_dimensions};
use super::{Image, PictureFormat, Size, jpeg_end};
use crate::error::{Error, Result};
use crate::read_bounded;

/// A picture, and what its file said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The picture, upright.
    pub image: Image,
    /// Bits a channel worth keeping: 8 (also for 1, 2 and 4) or 16.
    pub bit_depth: u8,
    /// Format of the file.
    pub format: PictureFormat,
}

/// Reads the picture file `path`.
///
/// # Errors
/// As [`read`]; [`Error::Io`] if the file cannot be opened. All name the path.
pub fn load(path: &Path, limits: &Limits) -> Result<Loaded> {
    read_bounded::from_path(path, limits.max_file_bytes)
        .and_then(|bytes| decode(&bytes, limits))
        .map_err(|error| error.at(path))
}

/// Reads a picture from a stream, such as standard input, to its end.
///
/// # Errors
/// As [`decode`]; [`Error::Io`] if reading fails.
pub fn read(reader: impl Read, limits: &Limits) -> Result<Loaded> {
    decode(&read_bounded::from_reader(reader, limits.max_file_bytes)?, limits)
}

/// Reads a picture file from memory.
///
/// # Errors
/// [`Error::Limit`] if the picture is larger than `limits` allow, found out before memory is
/// taken; [`Error::Malformed`] if the data are cut off or damaged; [`Error::Unsupported`] if the
/// format, or something in it, is not known.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Loaded> {
    let format = PictureFormat::of_contents(bytes)?;
    let (picture, orientation) = decode_samples(bytes, format, limits)?;
    let (image, bit_depth) = to_image(upright(picture, orientation))?;
    Ok(Loaded { image, bit_depth, format })
}

fn decode_samples(
    bytes: &[u8],
    format: PictureFormat,
    limits: &Limits,
) -> Result<(DynamicImage, Orientation)> {
    let fault = |error| from_image_error(error, format, limits);
    let mut row_bytes = 0;
    if format == PictureFormat::Png
        && let Some((width, height)) = png_dimensions(bytes)
    {
        limits.check_pixels(width, height)?;
        check_plausible(format, bytes, width, height)?;
        row_bytes = u64::from(width) * 8;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.to_image_format());
    // The decoder keeps a few rows, before and after unpacking.
    reader.limits(limits.for_decoder(4 * row_bytes));
    let mut decoder = reader.into_decoder().map_err(fault)?;

    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(malformed(format, &format!("it is {width}x{height} pixels large")));
    }
    limits.check_pixels(width, height)?;
    check_plausible(format, bytes, width, height)?;
    limits.check_memory(&decoder)?;
    if format == PictureFormat::Jpeg && !jpeg_end::has_end_of_image(bytes) {
        return Err(malformed(format, "the data end before the end of the picture"));
    }
    decoder.set_limits(limits.for_decoder(decoder.total_bytes())).map_err(fault)?;
    // A damaged note about the camera is no reason to refuse the picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(fault)?;
    Ok((picture, orientation))
}

fn upright(mut picture: DynamicImage, orientation: Orientation) -> DynamicImage {
    picture.apply_orientation(orientation);
    picture
}

fn to_image(picture: DynamicImage) -> Result<(Image, u8)> {
    let size = Size::new(picture.width() as usize, picture.height() as usize);
    let image = match &picture {
        DynamicImage::ImageLuma8(p) => planar(size, 1, p.as_raw()),
        DynamicImage::ImageLumaA8(p) => planar(size, 2, p.as_raw()),
        DynamicImage::ImageRgb8(p) => planar(size, 3, p.as_raw()),
        DynamicImage::ImageRgba8(p) => planar(size, 4, p.as_raw()),
        DynamicImage::ImageLuma16(p) => planar(size, 1, p.as_raw()),
        DynamicImage::ImageLumaA16(p) => planar(size, 2, p.as_raw()),
        DynamicImage::ImageRgb16(p) => planar(size, 3, p.as_raw()),
        DynamicImage::ImageRgba16(p) => planar(size, 4, p.as_raw()),
        other => {
            return Err(Error::Unsupported {
                what: "picture",
                message: format!(
                    "its samples are {:?}; convert it to 8 or 16 bits a channel",
                    other.color()
                ),
            });
        }
    }?;
    let bytes_per_channel =
        picture.color().bytes_per_pixel() / picture.color().channel_count().max(1);
    Ok((image, 8 * bytes_per_channel))
}

/// Interleaved samples as a planar picture, alpha dropped where it says nothing.
fn planar<T: Sample>(size: Size, stored: usize, samples: &[T]) -> Result<Image> {
    let has_alpha = stored.is_multiple_of(2)
        && samples.iter().skip(stored - 1).step_by(stored).any(|alpha| *alpha != T::WHITE);
    let order: &[usize] = match (stored, has_alpha) {
        (1 | 2, false) => &[0],
        (2, true) => &[0, 0, 0, 1],
        (_, false) => &[0, 1, 2],
        (_, true) => &[0, 1, 2, 3],
    };
    gather(size, stored, order, samples)
}

fn malformed(format: PictureFormat, message: &str) -> Error {
    // Some decoders' messages run over several lines or show their insides; an error is one line
    // in the user's words.
    let message = if message.contains("CRC error") {
        "a checksum is wrong; the file is damaged".into()
    } else {
        message.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let message = format!("{format}: {}", message.trim_end_matches('.'));
    Error::Malformed { what: "picture", message }
}

fn from_image_error(error: ImageError, format: PictureFormat, limits: &Limits) -> Error {
    match error {
        ImageError::Unsupported(error) => Error::Unsupported {
            what: "picture",
            message: format!("{format}: {error}; convert it to PNG of 8 or 16 bits"),
        },
        ImageError::Limits(_) => malformed(
            format,
            &format!(
                "the decoder asked for more memory than the picture should need (limit {} bytes)",
                limits.max_memory_bytes
            ),
        ),
        // The bytes are in memory already: the only failure of reading them is to run out.
        ImageError::IoError(_) => malformed(format, "the data end before the end of the picture"),
        ImageError::Decoding(error) => {
            use std::error::Error as _;
            match error.source() {
                Some(source) => malformed(format, &source.to_string()),
                None => malformed(format, &error.to_string()),
            }
        }
        other => malformed(format, &other.to_string()),
    }
}
