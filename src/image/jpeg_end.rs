//! Whether a JPEG file is complete.
//!
//! JPEG decoders fill what is missing with gray and say nothing. An encoder must not take half a
//! photograph for a whole one.

/// Whether the end-of-image marker is there.
///
/// Walks the markers (ITU-T T.81, annex B): segments carry their length, entropy-coded data after
/// a start of scan run to the next marker. Thumbnails have end markers of their own inside
/// segments, so searching for the two bytes alone would not do.
pub(super) fn has_end_of_image(bytes: &[u8]) -> bool {
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2;
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            END_OF_IMAGE => return true,
            // Stuffed zeros, restart markers, TEM and start of image have no length.
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = bytes.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([length[0], length[1]]));
            }
        }
    }
    false
}

/// The next byte after 0xff that is not 0xff itself; `at` moves behind it.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    let mut after_prefix = false;
    for (offset, byte) in bytes.get(*at..)?.iter().enumerate() {
        if *byte == 0xff {
            after_prefix = true;
        } else if after_prefix {
            *at += offset + 1;
            return Some(*byte);
        }
    }
    None
}
