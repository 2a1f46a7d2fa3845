//! What the targets share: limits that keep every run short, and files whose checksums are right,
//! so that what stands behind a checksum is reached too.

use lgi::codec::{ReadLimits, decode, decode_partial, probe};

/// Small enough for thousands of runs a second.
pub const LIMITS: ReadLimits = ReadLimits {
    max_pixels: 1 << 22,
    max_gaussians: 1 << 14,
    max_per_leaf: 1 << 12,
    max_pairs: 1 << 26,
    max_file_bytes: 1 << 20,
};

/// Reads a file in every way there is. Whatever is whole must be the same in all of them.
pub fn read_in_every_way(file: &[u8]) {
    let _ = probe(file, &LIMITS);
    let whole = decode(file, &LIMITS);
    let partial = decode_partial(file, &LIMITS);
    if let Ok(whole) = whole {
        let partial = partial.expect("a whole file can be read in part");
        assert!(partial.is_whole);
        assert_eq!(partial.scene, whole);
    } else if let Ok(partial) = partial {
        assert!(!partial.is_whole);
    }
}

/// A compact file: its header's bytes behind the magic, then chunks of a type and a payload.
pub fn compact_file(header: &[u8], chunks: &[(u8, &[u8])]) -> Vec<u8> {
    let mut file = [b"\x89LGI2".as_slice(), header].concat();
    let mut covered = 0;
    for (kind, payload) in chunks {
        file.push(*kind);
        push_varint(&mut file, payload.len());
        file.extend_from_slice(payload);
        let checksum = crc32fast::hash(&file[covered..]);
        file.extend_from_slice(&checksum.to_le_bytes());
        covered = file.len();
    }
    file
}

/// Groups of seven bits, lowest first.
pub fn push_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The next byte, or 0 behind the end.
pub fn take(data: &mut &[u8]) -> u8 {
    let Some((first, rest)) = data.split_first() else { return 0 };
    *data = rest;
    *first
}
