//! The fixed header of an `.lgi` file.

use super::bytes::Bytes;
use super::{MAGIC, VERSION, malformed, truncated, unsupported};
use crate::blend::Blend;
use crate::error::Result;
use crate::gaussians::SUPPORT_Q;
use crate::image::Size;

/// What the header says about the picture; the layout is in the [module's docs](super).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Width and height in pixels.
    pub size: Size,
    /// Colour channels: 1, 3 or 4.
    pub channels: usize,
    /// Bits a channel of the picture that was fitted, 8 or 16.
    pub bit_depth: u8,
    /// How overlapping Gaussians make a pixel.
    pub blend: Blend,
}

/// Bytes that the checksum covers.
const COVERED: usize = 32;

impl Header {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let (blend, epsilon) = match self.blend {
            Blend::Additive => (0, 0.0),
            Blend::Normalized { epsilon } => (1, epsilon),
        };
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.push(self.channels as u8);
        out.push(self.bit_depth);
        out.extend_from_slice(&(self.size.width as u32).to_le_bytes());
        out.extend_from_slice(&(self.size.height as u32).to_le_bytes());
        out.extend_from_slice(&[blend, 0, 0, 0]);
        out.extend_from_slice(&epsilon.to_le_bytes());
        out.extend_from_slice(&SUPPORT_Q.to_le_bytes());
        let checksum = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    pub(super) fn read(bytes: &mut Bytes) -> Result<Self> {
        check_magic(bytes.0)?;
        let covered = bytes.0.get(..COVERED).unwrap_or_default();
        bytes.take(MAGIC.len())?;
        let version = bytes.u16()?;
        if version != VERSION {
            // Before the checksum: another version may have its checksum elsewhere.
            return Err(unsupported(format!(
                "it has version {version}, this program reads version {VERSION}; update it, or \
                 the file is damaged"
            )));
        }
        let (channels, bit_depth) = (bytes.u8()?, bytes.u8()?);
        let (width, height) = (bytes.u32()?, bytes.u32()?);
        let (blend, reserved) = (bytes.u8()?, bytes.take(3)?);
        let (epsilon, support_q) = (bytes.f32()?, bytes.f32()?);
        if bytes.u32()? != crc32fast::hash(covered) {
            return Err(malformed("the checksum of its header is wrong; the file is damaged"));
        }

        if !matches!(channels, 1 | 3 | 4) {
            return Err(unsupported(format!("it has {channels} channels, not 1, 3 or 4")));
        }
        if !matches!(bit_depth, 8 | 16) {
            return Err(unsupported(format!("it has {bit_depth} bits a channel, not 8 or 16")));
        }
        if width == 0 || height == 0 {
            return Err(malformed(format!("its picture is {width}x{height} pixels large")));
        }
        if reserved != [0, 0, 0] {
            return Err(unsupported("it uses a header field that this version does not know"));
        }
        if support_q != SUPPORT_Q {
            return Err(unsupported(format!(
                "its Gaussians end at q = {support_q}, not {SUPPORT_Q}"
            )));
        }
        let blend = match (blend, epsilon) {
            (0, 0.0) => Blend::Additive,
            (1, epsilon) if epsilon.is_finite() && epsilon >= 0.0 => Blend::Normalized { epsilon },
            (0 | 1, _) => {
                return Err(malformed(format!("its blend {blend} has an epsilon of {epsilon}")));
            }
            _ => return Err(unsupported(format!("its blend {blend} is not known"))),
        };
        let size = Size::new(width as usize, height as usize);
        Ok(Self { size, channels: usize::from(channels), bit_depth, blend })
    }
}

fn check_magic(bytes: &[u8]) -> Result<()> {
    if bytes.starts_with(&MAGIC) {
        return Ok(());
    }
    if bytes.is_empty() {
        return Err(malformed("it is empty"));
    }
    if MAGIC.starts_with(bytes) {
        return Err(truncated(format!("it ends after {} bytes; it is cut off", bytes.len())));
    }
    if bytes.starts_with(&MAGIC[..4]) {
        return Err(malformed(
            "its line endings were changed on the way; transfer it as binary, not as text",
        ));
    }
    Err(unsupported("it does not begin as .lgi files do; it is another kind of file"))
}
