#![no_main]
//! Any bits behind a sound head, in a base layer, its atoms, and a layer.

use lgi::codec::coded::Order;
use lgi::codec::{decode_exact, encode_exact};
use lgi_fuzz::{LIMITS, compact_file, push_varint, read_in_every_way, take};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    let form = take(&mut data) % 3;
    let (width, height) = (usize::from(take(&mut data)) + 1, usize::from(take(&mut data)) + 1);
    let (step, spacing) = (take(&mut data), 3 + take(&mut data) % 10);
    let (count, in_layer) = (usize::from(take(&mut data)), usize::from(take(&mut data)));
    let split = usize::from(take(&mut data)) * data.len() / 255;
    let (first_bits, layer_bits) = data.split_at(split);

    let mut header = vec![form];
    push_varint(&mut header, width);
    push_varint(&mut header, height);
    let head = |count: usize, more: &[u8], bits: &[u8]| {
        let mut payload = Vec::new();
        push_varint(&mut payload, count);
        [&payload, more, bits].concat()
    };
    let first = head(count, &[step, spacing], first_bits);
    let layer = head(in_layer, &[], layer_bits);
    for file in [
        compact_file(&header, &[(0x81, &first)]),
        compact_file(&header, &[(1, &first), (0x82, &layer)]),
    ] {
        read_in_every_way(&file);
        // Without its checksum.
        read_in_every_way(&file[..file.len() - 4]);
        if let Ok(coded) = decode_exact(&file, &LIMITS) {
            for order in [Order::Sequential, Order::Progressive] {
                let again = encode_exact(&coded, order, 8, None).expect("it can be written");
                let back = decode_exact(&again, &LIMITS).expect("it can be read");
                assert_eq!(back.base, coded.base);
                assert_eq!(encode_exact(&back, order, 8, None).expect("it can be"), again);
            }
        }
    }
});
