#![no_main]
//! Chunks of any type, order and length, with right checksums; then cut off somewhere.

use lgi_fuzz::{compact_file, read_in_every_way, take};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_in_every_way(&[b"\x89LGI2", data].concat());
    let mut data = data;
    let (form, cut) = (take(&mut data) % 8, take(&mut data));
    let mut chunks = Vec::new();
    while !data.is_empty() {
        // Mostly types that there are.
        let kind = match take(&mut data) {
            kind @ ..=0x7F => [1, 2, 0x41, 0x81, 0x82, 0xC1, 0x7F, kind][usize::from(kind % 8)],
            kind => kind,
        };
        let length = usize::from(take(&mut data)).min(data.len());
        let (payload, rest) = data.split_at(length);
        chunks.push((kind, payload));
        data = rest;
    }
    let file = compact_file(&[form, 40, 30], &chunks);
    read_in_every_way(&file);
    read_in_every_way(&file[..file.len() * usize::from(cut) / 256]);
});
