#![no_main]
//! Headers of both containers, as they are and with a right checksum.

use lgi_fuzz::{compact_file, read_in_every_way};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_in_every_way(data);
    read_in_every_way(&[b"\x89LGI\r\n\x1a\n", data].concat());
    if let Some((covered, rest)) = data.split_at_checked(24) {
        let mut file = [b"\x89LGI\r\n\x1a\n", covered].concat();
        file.extend_from_slice(&crc32fast::hash(&file).to_le_bytes());
        file.extend_from_slice(rest);
        read_in_every_way(&file);
    }
    // One white Gaussian of the base layer, or what is left of the data.
    let (header, payload) = data.split_at(data.len().min(11));
    let payload = if payload.is_empty() { &[0, 160, 12, 0] } else { payload };
    read_in_every_way(&compact_file(header, &[(0x81, payload)]));
});
