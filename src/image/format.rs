//! The picture formats, and what each can hold.

use std::fmt;
use std::path::Path;

use ::image::ImageFormat;

use crate::error::{Error, Result};

/// A format of picture files that can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureFormat {
    /// Portable Network Graphics; the default for streams.
    Png,
    /// JPEG, 8 bits, no alpha, lossy.
    Jpeg,
    /// WebP, 8 bits, written lossless.
    WebP,
    /// Windows bitmap, 8 bits.
    Bmp,
    /// Tagged Image File Format, written uncompressed.
    Tiff,
    /// PGM for gray, PPM for RGB, PAM for what has alpha.
    Pnm,
    /// PAM for all. Only written: what is read of either kind is called [`Self::Pnm`].
    Pam,
}

impl PictureFormat {
    /// The format that a file name asks for, by its extension in any case.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no extension or it is not known.
    pub fn from_path(path: &Path) -> Result<Self> {
        const KNOWN: &str = "use .png, .jpg, .webp, .bmp, .tif, .pgm, .ppm, .pam or .pnm";
        let Some(extension) = extension_of(path) else {
            return Err(Error::Invalid(format!(
                "the picture's name has no extension to tell its format; {KNOWN}"
            ))
            .at(path));
        };
        match extension.as_str() {
            "png" => Ok(Self::Png),
            "jpg" | "jpeg" | "jpe" => Ok(Self::Jpeg),
            "webp" => Ok(Self::WebP),
            "bmp" | "dib" => Ok(Self::Bmp),
            "tif" | "tiff" => Ok(Self::Tiff),
            "pgm" | "ppm" | "pnm" => Ok(Self::Pnm),
            "pam" => Ok(Self::Pam),
            _ => {
                Err(Error::Invalid(format!("pictures cannot be written as .{extension}; {KNOWN}"))
                    .at(path))
            }
        }
    }

    /// Most bits a channel that this crate writes in the format: 8 or 16.
    pub fn max_bit_depth(self) -> u8 {
        match self {
            Self::Png | Self::Tiff | Self::Pnm | Self::Pam => 16,
            Self::Jpeg | Self::WebP | Self::Bmp => 8,
        }
    }

    /// Whether the format has an alpha channel.
    pub fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }

    pub(super) fn to_image_format(self) -> ImageFormat {
        match self {
            Self::Png => ImageFormat::Png,
            Self::Jpeg => ImageFormat::Jpeg,
            Self::WebP => ImageFormat::WebP,
            Self::Bmp => ImageFormat::Bmp,
            Self::Tiff => ImageFormat::Tiff,
            Self::Pnm | Self::Pam => ImageFormat::Pnm,
        }
    }

    /// The format of a file's contents; its name does not matter.
    pub(super) fn of_contents(bytes: &[u8]) -> Result<Self> {
        const KNOWN: &str = "PNG, JPEG, WebP, BMP, TIFF and PNM are known";
        if bytes.is_empty() {
            return Err(Error::Malformed { what: "picture", message: "it is empty".into() });
        }
        if bytes.starts_with(b"version https://git-lfs.github.com/") {
            return Err(Error::Unsupported {
                what: "picture",
                message: "it is a Git LFS pointer, not the picture; run `git lfs pull`".into(),
            });
        }
        match ::image::guess_format(bytes) {
            Ok(ImageFormat::Png) => Ok(Self::Png),
            Ok(ImageFormat::Jpeg) => Ok(Self::Jpeg),
            Ok(ImageFormat::WebP) => Ok(Self::WebP),
            Ok(ImageFormat::Bmp) => Ok(Self::Bmp),
            Ok(ImageFormat::Tiff) => Ok(Self::Tiff),
            Ok(ImageFormat::Pnm) => Ok(Self::Pnm),
            Ok(other) => Err(Error::Unsupported {
                what: "picture",
                message: format!("it is in the format {other:?}; {KNOWN}"),
            }),
            Err(_) => Err(Error::Unsupported {
                what: "picture",
                message: format!("its first bytes are of no format known here; {KNOWN}"),
            }),
        }
    }
}

impl fmt::Display for PictureFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Pnm => "PNM",
            Self::Pam => "PAM",
        })
    }
}

/// The extension in lower case.
pub(super) fn extension_of(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}
