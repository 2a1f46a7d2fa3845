//! How large a picture file may make itself in memory.

use ::image::ImageDecoder;

use super::PictureFormat;
use crate::error::{Error, Result};

/// Bounds on reading a picture, checked on its header before anything is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels, width times height. Default: 2^27, 134 million.
    pub max_pixels: u64,
    /// Most bytes for the decoded samples and the planar `f32` picture together; some decoders
    /// (TIFF, progressive JPEG) and turning a picture upright take the samples' bytes once more.
    /// Default: 4 GiB.
    pub max_memory_bytes: u64,
    /// Most bytes of the file itself, which is held in memory. Default: 1 GiB.
    pub max_file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 1 << 27, max_memory_bytes: 1 << 32, max_file_bytes: 1 << 30 }
    }
}

impl Limits {
    /// Checks what a header promises against the limits.
    pub(super) fn check_pixels(&self, width: u32, height: u32) -> Result<()> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.max_pixels {
            return Err(Error::Limit {
                what: "pixels in the picture (raise max-pixels to allow more)",
                value: pixels,
                limit: self.max_pixels,
            });
        }
        Ok(())
    }

    /// Checks the memory that decoding takes: the samples, and four bytes for each of them.
    pub(super) fn check_memory(&self, decoder: &impl ImageDecoder) -> Result<()> {
        let (width, height) = decoder.dimensions();
        let values = u64::from(width)
            .saturating_mul(u64::from(height))
            .saturating_mul(u64::from(decoder.color_type().channel_count()));
        let bytes = decoder.total_bytes().saturating_add(values.saturating_mul(4));
        if bytes > self.max_memory_bytes {
            return Err(Error::Limit {
                what: "bytes of memory for the picture (raise max-memory-bytes to allow more)",
                value: bytes,
                limit: self.max_memory_bytes,
            });
        }
        Ok(())
    }

    /// What a decoder may allocate on its own beside the samples: rows, profiles, texts.
    pub(super) fn for_decoder(&self, sample_bytes: u64) -> ::image::Limits {
        let mut limits = ::image::Limits::default();
        let own = DECODER_BYTES.saturating_add(sample_bytes);
        limits.max_alloc = Some(own.min(self.max_memory_bytes));
        limits
    }
}

/// Room for a decoder's tables and a picture's colour profile; 64 MiB.
const DECODER_BYTES: u64 = 1 << 26;

/// Refuses a header whose pixels the rest of the file cannot hold.
///
/// Without this, a file of 70 bytes reserves memory for 65 535 x 65 535 pixels only to find that
/// there are no data. The bounds are the formats' own: deflate expands at most 1032 times, a JPEG
/// spends at least one bit on 8x8 samples of its finest component (two such components can be
/// subsampled against each other, hence the factor 2), PNM packs 8 pixels a byte. WebP, BMP and
/// TIFF have run lengths or codes of zero bits and so no useful bound.
pub(super) fn check_plausible(
    format: PictureFormat,
    bytes: &[u8],
    width: u32,
    height: u32,
) -> Result<()> {
    let file_bytes = bytes.len() as u64;
    let pixels = u64::from(width) * u64::from(height);
    let most = match format {
        PictureFormat::Png => {
            let Some(bits) = png_bits_per_pixel(bytes) else { return Ok(()) };
            let row_bytes = (u64::from(width) * bits).div_ceil(8) + 1;
            // Counted in rows, so that the filter byte of each is not forgotten.
            let rows = file_bytes.saturating_mul(1032) / row_bytes;
            rows.saturating_mul(u64::from(width))
        }
        PictureFormat::Jpeg => file_bytes.saturating_mul(8 * 64 * 2),
        PictureFormat::Pnm | PictureFormat::Pam => file_bytes.saturating_mul(8),
        PictureFormat::WebP | PictureFormat::Bmp | PictureFormat::Tiff => u64::MAX,
    };
    if pixels > most {
        return Err(Error::Malformed {
            what: "picture",
            message: format!(
                "its header promises {width}x{height} pixels, more than {file_bytes} bytes of \
                 {format} can hold; the file is cut off or damaged"
            ),
        });
    }
    Ok(())
}

/// Width and height from a PNG header, which must not reach the decoder unchecked: it allocates
/// rows as soon as it has read them.
pub(super) fn png_dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    let width = bytes.get(16..20)?.try_into().ok()?;
    let height = bytes.get(20..24)?.try_into().ok()?;
    Some((u32::from_be_bytes(width), u32::from_be_bytes(height)))
}

fn png_bits_per_pixel(bytes: &[u8]) -> Option<u64> {
    let samples = match bytes.get(25)? {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return None,
    };
    Some(u64::from(*bytes.get(24)?) * samples)
}
