//! Coded files: what is coded comes back on every machine, and nothing damaged is believed.

use lgi::codec::coded::Coded;
use lgi::codec::coded::atom::Atom;
use lgi::codec::{Precision, ReadLimits, decode, decode_exact, encode_exact, is_lgi, probe};
use lgi::image::Size;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> lgi::Result<Coded> {
    decode_exact(bytes, &ReadLimits::default())
}

/// Numbers that look random and are the same everywhere (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, count: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % count as u64) as i32
    }
}

/// Any atom whose centre lies in the picture, about; colours and shapes all over their range.
fn atom(numbers: &mut Numbers, size: Size, channels: usize, largest: i32) -> Atom {
    loop {
        let mut atom = Atom::default();
        for component in atom.color.iter_mut().take(channels) {
            *component = numbers.below(2 * largest + 1) - largest;
        }
        let steps = atom.steps();
        let (a, b) = (numbers.below(steps.scales()), numbers.below(steps.scales()));
        atom.scale = [a.max(b), a.min(b)];
        let bits = steps.angle_bits(atom.scale.map(|scale| steps.scale(scale)));
        atom.angle = numbers.below(1 << bits);
        let position = [size.width, size.height]
            .map(|side| i64::from(numbers.below(side as i32 + 8) - 4) << 24);
        atom.place = lgi::codec::coded::atom::Lattice::new(steps, &atom.shape()).nearest(position);
        if atom.color != [0; 4] {
            return atom;
        }
    }
}

fn picture(seed: u64, size: Size, channels: usize, count: usize, largest: i32) -> Coded {
    let mut numbers = Numbers(seed);
    let mut coded = Coded { size, channels, step: 150, spacing: 5, base: vec![], atoms: vec![] };
    for _ in 0..coded.grid().count() {
        let mut color = [0; 4];
        for component in color.iter_mut().take(channels) {
            *component = numbers.below(400) - 200;
        }
        coded.base.push(color);
    }
    coded.atoms = (0..count).map(|_| atom(&mut numbers, size, channels, largest)).collect();
    coded
}

fn sorted(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort_by_key(|atom| (atom.color, atom.scale, atom.angle, atom.place));
    atoms
}

fn assert_comes_back(coded: &Coded) {
    let file = encode_exact(coded, 8, None).unwrap();
    let back = read(&file).unwrap();
    assert_eq!(sorted(back.atoms.clone()), sorted(coded.atoms.clone()));
    assert_eq!(Coded { atoms: vec![], ..back.clone() }, Coded { atoms: vec![], ..coded.clone() });
    assert_eq!(encode_exact(&back, 8, None).unwrap(), file, "the order is settled");
}

#[test]
fn gaussians_of_any_kind_come_back() {
    for channels in [1, 3, 4] {
        for (size, count, largest) in [
            (Size::new(1, 1), 0, 1),
            (Size::new(1, 1), 3, 5),
            (Size::new(1, 200), 20, 3),
            (Size::new(300, 7), 40, 60),
            (Size::new(97, 131), 500, 2),
            (Size::new(160, 90), 300, 16_383),
        ] {
            assert_comes_back(&picture(7, size, channels, count, largest));
        }
    }
}

#[test]
fn a_file_says_what_it_holds() {
    let coded = picture(1, Size::new(120, 80), 3, 60, 9);
    let metadata = serde_json::json!({ "encoder": "test" });
    let file = encode_exact(&coded, 16, Some(&metadata)).unwrap();
    assert!(is_lgi(&file));
    let info = probe(&file, &ReadLimits::default()).unwrap();
    assert_eq!((info.version, info.precision), (2, Precision::Coded));
    assert_eq!(info.gaussians, coded.base.len() + coded.atoms.len());
    assert_eq!((info.header.size, info.header.channels), (coded.size, 3));
    let kinds: Vec<&str> = info.chunks.iter().map(|chunk| chunk.kind.as_str()).collect();
    assert_eq!(kinds, ["meta", "GCOD"]);
    let scene = decode(&file, &ReadLimits::default()).unwrap();
    assert_eq!((scene.bit_depth, scene.metadata), (16, Some(metadata)));
    assert_eq!(scene.gaussians.len(), info.gaussians);
}

#[test]
fn every_truncation_is_an_error() {
    for (channels, count) in [(3, 4), (4, 60), (3, 450)] {
        let file = encode_exact(&picture(3, Size::new(64, 48), channels, count, 12), 8, None);
        let file = file.unwrap();
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_err(), "{length} of {}", file.len());
        }
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    for (channels, count) in [(1, 10), (3, 300), (4, 60)] {
        let file = encode_exact(&picture(4, Size::new(64, 48), channels, count, 12), 8, None);
        let mut file = file.unwrap();
        for bit in 0..file.len() * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&file).is_err(), "bit {bit} of {} bytes", file.len());
            file[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// A compact file around a payload, all checksums right.
fn around(payload: &[u8], width: u64, height: u64) -> Vec<u8> {
    let mut file = b"\x89LGI2\x01".to_vec();
    for value in [width, height] {
        push_varint(&mut file, value);
    }
    file.push(0x81);
    push_varint(&mut file, payload.len() as u64);
    file.extend_from_slice(payload);
    let checksum = crc32fast::hash(&file);
    file.extend_from_slice(&checksum.to_le_bytes());
    file
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[test]
fn a_hundred_bytes_cannot_keep_a_reader_busy() {
    let started = std::time::Instant::now();
    let mut numbers = Numbers(9);
    for (width, height) in [(1, 1), (4000, 3000), (1 << 26, 2), (u64::from(u32::MAX), 1 << 31)] {
        for count in [1_u64, 1000, 1 << 24, (1 << 35) - 1] {
            for spacing in [3, 6, 12, 40] {
                let mut payload = Vec::new();
                push_varint(&mut payload, count);
                payload.extend([120, spacing]);
                payload.extend((0..70).map(|_| numbers.below(256) as u8));
                let _ = read(&around(&payload, width, height));
            }
        }
    }
    assert!(started.elapsed().as_secs_f64() < 20.0, "{:?}", started.elapsed());
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let coded = picture(1, Size::new(120, 80), 3, 60, 9);
    let file = encode_exact(&coded, 8, None).unwrap();
    for limits in [
        ReadLimits { max_pixels: 120 * 80 - 1, ..ReadLimits::default() },
        ReadLimits { max_gaussians: 60, ..ReadLimits::default() },
        ReadLimits { max_file_bytes: 50, ..ReadLimits::default() },
    ] {
        let error = decode(&file, &limits).unwrap_err();
        assert!(matches!(error, lgi::Error::Limit { .. }), "{error}");
    }
    let pairs = ReadLimits { max_pairs: 10, ..ReadLimits::default() };
    assert!(matches!(decode(&file, &pairs), Err(lgi::Error::Limit { .. })));
}

/// Hash of all parameters as integers, and of the floats that they become.
fn fingerprint(coded: &Coded) -> [u64; 2] {
    let mut integers = Fnv::default();
    for exact in coded.exact_base().iter().chain(&coded.exact_atoms()) {
        for value in exact.position.iter().chain(&exact.factor).chain(&exact.color) {
            integers.add(&value.to_le_bytes());
        }
    }
    let gaussians = coded.gaussians();
    let mut floats = Fnv::default();
    let values = gaussians.mean_px.iter().flatten().chain(gaussians.factor_px.iter().flatten());
    for value in values.chain(&gaussians.color) {
        floats.add(&value.to_bits().to_le_bytes());
    }
    [integers.0, floats.0]
}

/// FNV-1a, 64 bits.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

/// Streams in `tests/golden`, and what their parameters hash to on every machine.
///
/// `photo` is kodim23 of the Kodak set, `lgi encode --bpp 0.05 -q draft`; `alpha` and `gray` are
/// made up by [`picture`]. A change of these hashes is a change of the format.
const GOLDEN: [(&str, &[u8], [u64; 2]); 3] = [
    ("photo", include_bytes!("golden/photo.lgi"), [0x6317_e111_378f_be80, 0xa606_ee02_22c2_5909]),
    ("alpha", include_bytes!("golden/alpha.lgi"), [0x5645_f1e3_7de9_4cf0, 0x1959_febf_6920_ac03]),
    ("gray", include_bytes!("golden/gray.lgi"), [0x8c26_ec83_fdc5_4f4e, 0x8d66_ff94_c594_a164]),
];

#[test]
fn golden_streams_decode_to_the_same_parameters_everywhere() {
    for (name, file, expected) in GOLDEN {
        let coded = read(file).unwrap();
        assert_eq!(fingerprint(&coded), expected, "{name}");
        assert_eq!(encode_exact(&coded, 8, None).unwrap(), file, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_picture_survives_a_file(
        seed: u64,
        width in 1..260_usize,
        height in 1..260_usize,
        channels in prop::sample::select(vec![1_usize, 3, 4]),
        count in 0..80_usize,
        largest in prop::sample::select(vec![1, 4, 30, 16_383]),
    ) {
        assert_comes_back(&picture(seed, Size::new(width, height), channels, count, largest));
    }

    #[test]
    fn random_payloads_never_panic(payload: Vec<u8>, width in 1..3000_u64, height in 1..3000_u64) {
        if let Ok(coded) = read(&around(&payload, width, height)) {
            let _ = coded.gaussians();
        }
        let _ = read(&payload);
        let _ = read(&[b"\x89LGI2", payload.as_slice()].concat());
    }
}

/// Writes the made-up golden streams anew; for changes of the format only.
#[test]
#[ignore = "it overwrites what the other tests read"]
fn write_golden_streams() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let alpha = picture(5, Size::new(201, 120), 4, 400, 20);
    let gray = picture(6, Size::new(33, 500), 1, 300, 200);
    for (name, coded) in [("alpha", alpha), ("gray", gray)] {
        let file = encode_exact(&coded, 8, None).unwrap();
        println!("{name}: {:#x?}", fingerprint(&read(&file).unwrap()));
        std::fs::write(folder.join(name).with_extension("lgi"), file).unwrap();
    }
    let photo = std::fs::read(folder.join("photo.lgi")).unwrap();
    println!("photo: {:#x?}", read(&photo).map(|coded| fingerprint(&coded)));
}
