//! Which of the portable maps a picture is written as.

use std::io::Write;

use ::image::codecs::pnm::{GraymapHeader, PixmapHeader, PnmEncoder, SampleEncoding};
use ::image::{ExtendedColorType, ImageEncoder};

/// The encoder of the oldest kind that holds such samples: P5 for gray, P6 for RGB, and P7 (PAM)
/// for alpha. Most readers know no P7, and it is what the encoder would choose for all.
pub(super) fn encoder<W: Write>(
    writer: W,
    [width, height]: [u32; 2],
    color: ExtendedColorType,
) -> impl ImageEncoder {
    let encoder = PnmEncoder::new(writer);
    let (encoding, most) = (SampleEncoding::Binary, u32::from(u16::MAX));
    let gray = |maxwhite| GraymapHeader { encoding, width, height, maxwhite };
    let rgb = |maxval| PixmapHeader { encoding, width, height, maxval };
    match color {
        ExtendedColorType::L8 => encoder.with_header(gray(255).into()),
        ExtendedColorType::L16 => encoder.with_header(gray(most).into()),
        ExtendedColorType::Rgb8 => encoder.with_header(rgb(255).into()),
        ExtendedColorType::Rgb16 => encoder.with_header(rgb(most).into()),
        _ => encoder,
    }
}
