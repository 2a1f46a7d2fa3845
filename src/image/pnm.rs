//! Portable gray and pixel maps. The `image` crate would write PAM for all, which most readers do
//! not know, and has no pixel maps of 16 bits.

use super::Samples;

/// P5 for gray and P6 for RGB; nothing for what they cannot hold.
pub(super) fn encode(samples: &Samples) -> Option<Vec<u8>> {
    let magic = match samples.channels() {
        1 => "P5",
        3 => "P6",
        _ => return None,
    };
    let white = if samples.bit_depth() == 8 { 255 } else { 65_535 };
    let size = samples.size();
    let mut bytes = format!("{magic}\n{} {}\n{white}\n", size.width, size.height).into_bytes();
    let body = bytes.len();
    bytes.extend_from_slice(samples.as_bytes());
    if white > 255 {
        for sample in bytes[body..].chunks_exact_mut(2) {
            let value = u16::from_ne_bytes([sample[0], sample[1]]);
            sample.copy_from_slice(&value.to_be_bytes());
        }
    }
    Some(bytes)
}
