//! `.lgi` files through the `image` crate: a decoder, and hooks that make `image::open` know it.

use std::io::Read;

use ::image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use ::image::{ColorType, ImageDecoder, ImageError, ImageResult, hooks};

use crate::backend::cpu::Cpu;
use crate::codec::{self, ReadLimits, Scene};
use crate::error::{Error, Result};
use crate::strips::draw_samples;

/// Extension of the files.
const EXTENSION: &str = "lgi";

/// First bytes of both containers.
const SIGNATURE: &[u8] = b"\x89LGI";

/// Makes `image::open`, `ImageReader` and their like read `.lgi` files, by content and by
/// extension, within `limits`. Only the first call has an effect; it says whether this was it.
pub fn register(limits: ReadLimits) -> bool {
    let registered = hooks::register_decoding_hook(
        EXTENSION.into(),
        Box::new(move |reader| Ok(Box::new(Decoder::new(reader, &limits).map_err(to_image)?))),
    );
    if registered {
        hooks::register_format_detection_hook(EXTENSION.into(), SIGNATURE, None);
    }
    registered
}

/// A file that has been read and checked; drawing waits until its pixels are asked for.
#[derive(Debug)]
pub struct Decoder {
    scene: Scene,
}

impl Decoder {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// As [`codec::read`].
    pub fn new(reader: impl Read, limits: &ReadLimits) -> Result<Self> {
        Ok(Self { scene: codec::read(reader, limits)? })
    }
}

impl ImageDecoder for Decoder {
    fn dimensions(&self) -> (u32, u32) {
        // The header's fields have 32 bits.
        (self.scene.size.width as u32, self.scene.size.height as u32)
    }

    fn color_type(&self) -> ColorType {
        match (self.scene.gaussians.channels(), self.scene.bit_depth) {
            (1, 8) => ColorType::L8,
            (1, _) => ColorType::L16,
            (3, 8) => ColorType::Rgb8,
            (3, _) => ColorType::Rgb16,
            (_, 8) => ColorType::Rgba8,
            _ => ColorType::Rgba16,
        }
    }

    fn read_image(self, buffer: &mut [u8]) -> ImageResult<()> {
        let Scene { gaussians, blend, size, bit_depth, .. } = &self.scene;
        let depth = if *bit_depth == 8 { 8 } else { 16 };
        let samples = draw_samples(&mut Cpu::new(), gaussians, *blend, *size, depth);
        // The crate's buffers hold 16-bit samples in the machine's own order, too.
        buffer.copy_from_slice(samples.map_err(to_image)?.as_bytes());
        Ok(())
    }

    fn read_image_boxed(self: Box<Self>, buffer: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(buffer)
    }
}

fn to_image(error: Error) -> ImageError {
    match error {
        Error::Io { source, .. } => ImageError::IoError(source),
        Error::Limit { .. } => {
            ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory))
        }
        other => {
            let hint = ImageFormatHint::Name("lgi".into());
            ImageError::Decoding(DecodingError::new(hint, other))
        }
    }
}
