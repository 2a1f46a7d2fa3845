//! Coded files: what is coded comes back on every machine, and nothing damaged is believed.

use lgi::codec::coded::atom::Atom;
use lgi::codec::coded::lattice::{Lattice, Square};
use lgi::codec::coded::{Coded, Order};
use lgi::codec::{
    Precision, ReadLimits, decode, decode_exact, decode_partial, encode_exact, is_lgi, probe,
};
use lgi::gaussians::Gaussians;
use lgi::image::Size;
use proptest::prelude::*;

#[path = "common/coded_pictures.rs"]
mod coded_pictures;

#[path = "common/golden_streams.rs"]
mod golden_streams;

use coded_pictures::{Numbers, fingerprint, picture};
use golden_streams::GOLDEN;

fn read(bytes: &[u8]) -> lgi::Result<Coded> {
    decode_exact(bytes, &ReadLimits::default())
}

fn sorted(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort_by_key(|atom| (atom.color, atom.scale, atom.angle, atom.place));
    atoms
}

const ORDERS: [Order; 2] = [Order::Sequential, Order::Progressive];

fn file_of(coded: &Coded, order: Order) -> Vec<u8> {
    encode_exact(coded, order, 8, None).unwrap()
}

fn assert_comes_back(coded: &Coded) {
    for order in ORDERS {
        let bytes = file_of(coded, order);
        let back = read(&bytes).unwrap();
        assert_eq!(sorted(back.atoms.clone()), sorted(coded.atoms.clone()));
        let without_atoms = |coded: &Coded| Coded { atoms: vec![], ..coded.clone() };
        assert_eq!(without_atoms(&back), without_atoms(coded));
        assert_eq!(file_of(&back, order), bytes, "the order is settled");
    }
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

/// Those of a place.
const PARITIES: [[i32; 2]; 4] = [[0, 0], [0, 1], [1, 0], [1, 1]];

#[test]
fn a_place_takes_a_quarter_of_the_lattice_and_the_nearest_point_of_that() {
    for atom in picture(8, Size::new(90, 70), 3, 60, 30).atoms {
        let lattice = Lattice::new(atom.steps(), &atom.shape());
        let [x, y] = lattice.point(atom.place);
        let target = [x + 3_000_000, y - 5_000_000];
        for parities in PARITIES {
            let nearest = lattice.nearest(target, parities);
            assert_eq!(nearest.map(|v| v & 1), parities);
            let away = |place: [i32; 2]| {
                let [px, py] = lattice.point(place);
                // In steps: what is farther along a longer axis is no farther.
                let [column, row] = lattice.steps_px().map(f64::from);
                let [dx, dy] = [px - target[0], py - target[1]].map(|v| v as f64);
                let [cos, sin] =
                    [lattice.point([1, 0])[0], lattice.point([1, 0])[1]].map(|v| v as f64 / column);
                ((dx * cos + dy * sin) / column).hypot((dy * cos - dx * sin) / row)
            };
            let around = (-3..=3).flat_map(|i| (-3..=3).map(move |j| [i, j]));
            let others = around
                .map(|[i, j]| [nearest[0] + i, nearest[1] + j])
                .filter(|place| place.map(|v| v & 1) == parities);
            let least = others.map(away).fold(f64::INFINITY, f64::min);
            assert!(away(nearest) <= least * 1.000_01, "{atom:?}");
        }
    }
}

#[test]
fn points_within_a_square_are_those_that_lie_there() {
    let mut seen = 0;
    for atom in picture(9, Size::new(90, 70), 3, 200, 30).atoms {
        let lattice = Lattice::new(atom.steps(), &atom.shape());
        let side = 8 << 24;
        let square = Square { corner: [24 << 24, 16 << 24], side };
        let middle = lattice.nearest(square.corner.map(|corner| corner + side / 2), [0, 0]);
        // From the middle to a corner it is 5.7 px, in steps of a lattice that may be turned.
        let [wide, high] = lattice.steps_px().map(|step| (8.0 / step).ceil() as i32 + 1);
        for parities in PARITIES {
            let points = lattice.within(&square, parities);
            let mut listed: Vec<[i32; 2]> =
                (0..points.count()).filter_map(|k| points.place(k)).collect();
            assert!(listed.iter().enumerate().all(|(k, place)| points.index(*place) == k as u32));
            assert_eq!(
                (points.place(points.count()), listed.len()),
                (None, points.count() as usize)
            );
            let around = (-wide..=wide).flat_map(|i| (-high..=high).map(move |j| [i, j]));
            let mut expected: Vec<[i32; 2]> = around
                .map(|[i, j]| [middle[0] + i, middle[1] + j])
                .filter(|place| place.map(|v| v & 1) == parities)
                .filter(|place| {
                    let point = lattice.point(*place);
                    (0..2).all(|axis| (0..side).contains(&(point[axis] - square.corner[axis])))
                })
                .collect();
            seen += expected.len();
            listed.sort_unstable();
            expected.sort_unstable();
            assert_eq!(listed, expected, "{atom:?}");
        }
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn atoms_whose_parities_do_not_go_together_are_refused() {
    let sound = picture(3, Size::new(40, 30), 3, 5, 9);
    let wrong: [fn(&mut Atom); 4] = [
        |atom| atom.place[0] += 1,
        |atom| atom.place[1] += 1,
        |atom| atom.scale[0] ^= 1,
        |atom| atom.angle ^= 1,
    ];
    for change in wrong {
        let mut coded = sound.clone();
        let atom = coded.atoms.iter_mut().find(|atom| atom.has_angle()).unwrap();
        change(atom);
        let error = encode_exact(&coded, Order::Sequential, 8, None).unwrap_err();
        assert!(
            matches!(&error, lgi::Error::Invalid(text) if text.contains("parities")),
            "{error}"
        );
    }
}

#[test]
fn a_gaussian_that_its_leaf_has_no_place_for_is_an_error() {
    // Found by the fuzz target `entropy_decoder`: it was read, and could not be written again.
    let file = include_bytes!("findings/leaf_without_place.lgi");
    let error = decode_exact(file, &ReadLimits::default()).unwrap_err();
    assert!(matches!(&error, lgi::Error::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("no place for one of its Gaussians"), "{error}");
}

#[test]
fn a_file_says_what_it_holds() {
    let coded = picture(1, Size::new(120, 80), 3, 60, 9);
    let metadata = serde_json::json!({ "encoder": "test" });
    let file = encode_exact(&coded, Order::Sequential, 16, Some(&metadata)).unwrap();
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
        for order in ORDERS {
            let file = file_of(&picture(3, Size::new(64, 48), channels, count, 12), order);
            assert!(read(&[]).is_err());
            for length in 1..file.len() {
                let error = read(&file[..length]).unwrap_err();
                assert!(matches!(error, lgi::Error::Truncated { .. }), "{length}: {error}");
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    for (channels, count) in [(1, 10), (3, 300), (4, 60)] {
        for order in ORDERS {
            let mut file = file_of(&picture(4, Size::new(64, 48), channels, count, 12), order);
            for bit in 0..file.len() * 8 {
                file[bit / 8] ^= 1 << (bit % 8);
                assert!(read(&file).is_err(), "bit {bit} of {} bytes", file.len());
                // Never a panic; a length may have become one that is not there yet.
                let _ = decode_partial(&file, &ReadLimits::default());
                file[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}

#[test]
fn of_a_file_from_top_to_bottom_the_gaussians_that_have_arrived_are_those_of_the_whole() {
    for channels in [1, 3, 4] {
        let file = file_of(&picture(8, Size::new(90, 61), channels, 200, 12), Order::Sequential);
        let whole = decode(&file, &ReadLimits::default()).unwrap();
        let mut counts = vec![];
        for length in 0..=file.len() {
            let Ok(partial) = decode_partial(&file[..length], &ReadLimits::default()) else {
                assert!(length < 19, "{length} bytes are enough to draw something");
                continue;
            };
            assert_eq!(partial.is_whole, length == file.len());
            let count = partial.scene.gaussians.len();
            assert_eq!(partial.scene.gaussians, first(&whole.gaussians, count), "{length}");
            counts.push(count);
        }
        assert!(counts.is_sorted(), "{counts:?}");
        // All but the last few are there when nothing but the checksum is missing.
        let almost = counts[counts.len() - 5];
        assert!(almost + 3 >= whole.gaussians.len(), "{almost} of {}", whole.gaussians.len());
    }
}

#[test]
fn of_a_progressive_file_the_layers_that_have_arrived_are_drawn_and_no_more() {
    let coded = picture(9, Size::new(90, 61), 3, 400, 40);
    let bytes = file_of(&coded, Order::Progressive);
    let info = probe(&bytes, &ReadLimits::default()).unwrap();
    let layers = info.chunks.iter().filter(|chunk| chunk.kind == "LAYR").count();
    assert!(layers >= 3, "{layers}");
    let whole = read(&bytes).unwrap();
    let energies: Vec<u64> = whole.atoms.iter().map(Atom::energy).collect();
    let mut counts = vec![];
    for length in 0..=bytes.len() {
        if let Ok(partial) = decode_partial(&bytes[..length], &ReadLimits::default()) {
            assert_eq!(partial.is_whole, length == bytes.len());
            counts.push(partial.scene.gaussians.len());
        }
    }
    assert!(counts.is_sorted());
    let complete = |count: &usize| *count >= coded.base.len();
    counts = counts.into_iter().filter(complete).collect();
    counts.dedup();
    // The base layer alone, then with every layer; each is stronger than all that follow.
    assert_eq!((counts.len(), counts[0]), (layers + 1, coded.base.len()));
    for count in &counts[1..layers] {
        let (sooner, later) = energies.split_at(count - coded.base.len());
        assert!(sooner.iter().min() >= later.iter().max());
    }
}

#[test]
fn a_damaged_layer_is_not_drawn() {
    let coded = picture(9, Size::new(90, 61), 3, 400, 40);
    let mut bytes = file_of(&coded, Order::Progressive);
    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    let error = decode_partial(&bytes, &ReadLimits::default()).unwrap_err();
    assert!(matches!(error, lgi::Error::Malformed { .. }), "{error}");
    bytes.truncate(last + 1);
    let partial = decode_partial(&bytes, &ReadLimits::default()).unwrap();
    assert!(!partial.is_whole && partial.scene.gaussians.len() < coded.base.len() + 400);
}

/// The first `count` Gaussians.
fn first(gaussians: &Gaussians, count: usize) -> Gaussians {
    let mut few = Gaussians::empty(gaussians.channels());
    for index in 0..count {
        let (mean, factor) = (gaussians.mean_px[index], gaussians.factor_px[index]);
        few.push(mean, factor, gaussians.color_of(index));
    }
    few
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
    let mut slowest = 0.0_f64;
    let mut numbers = Numbers(9);
    for (width, height) in [(1, 1), (4000, 3000), (1 << 26, 2), (u64::from(u32::MAX), 1 << 31)] {
        for count in [1_u64, 1000, 1 << 24, (1 << 35) - 1] {
            for spacing in [3, 6, 12, 40] {
                let mut payload = Vec::new();
                push_varint(&mut payload, count);
                payload.extend([120, spacing]);
                payload.extend((0..70).map(|_| numbers.below(256) as u8));
                let file = around(&payload, width, height);
                let began = std::time::Instant::now();
                let _ = read(&file);
                let _ = decode_partial(&file[..file.len() - 1], &ReadLimits::default());
                slowest = slowest.max(began.elapsed().as_secs_f64());
            }
        }
    }
    // Milliseconds, on a machine that has other things to do too.
    assert!(slowest < 1.0, "{slowest} s");
}

/// What an atom has for contexts is not summed up over its whole leaf again and again.
#[test]
fn a_crowd_in_one_place_takes_no_longer_than_elsewhere() {
    let mut coded = picture(1, Size::new(8, 8), 3, 1, 9);
    coded.atoms = vec![coded.atoms[0]; 50_000];
    let file = file_of(&coded, Order::Sequential);
    let started = std::time::Instant::now();
    let all = ReadLimits { max_per_leaf: u64::MAX, ..ReadLimits::default() };
    assert_eq!(decode_exact(&file, &all).unwrap().atoms.len(), 50_000);
    assert!(started.elapsed().as_secs_f64() < 10.0, "{:?}", started.elapsed());
    assert!(matches!(read(&file), Err(lgi::Error::Limit { limit: 4096, .. })));
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let coded = picture(1, Size::new(120, 80), 3, 60, 9);
    let file = encode_exact(&coded, Order::Sequential, 8, None).unwrap();
    for limits in [
        ReadLimits { max_pixels: 120 * 80 - 1, ..ReadLimits::default() },
        ReadLimits { max_gaussians: 60, ..ReadLimits::default() },
        ReadLimits { max_file_bytes: 50, ..ReadLimits::default() },
    ] {
        let error = decode(&file, &limits).unwrap_err();
        assert!(matches!(error, lgi::Error::Limit { .. }), "{error}");
    }
    let per_leaf = ReadLimits { max_per_leaf: 4, ..ReadLimits::default() };
    let crowded = picture(2, Size::new(8, 8), 3, 60, 9);
    for order in ORDERS {
        let error = decode(&file_of(&crowded, order), &per_leaf).unwrap_err();
        assert!(matches!(error, lgi::Error::Limit { limit: 4, .. }), "{error}");
    }
    let pairs = ReadLimits { max_pairs: 10, ..ReadLimits::default() };
    assert!(matches!(decode(&file, &pairs), Err(lgi::Error::Limit { .. })));
}

#[test]
fn golden_streams_decode_to_the_same_parameters_everywhere() {
    for (name, order, bytes, expected) in GOLDEN {
        let coded = read(bytes).unwrap();
        assert_eq!(fingerprint(&coded), expected, "{name}");
        assert_eq!(file_of(&coded, order), bytes, "{name}");
    }
}

#[test]
fn threads_have_no_say_in_what_is_decoded() {
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for (name, _, bytes, expected) in GOLDEN {
            let coded = pool.install(|| read(bytes)).unwrap();
            assert_eq!(fingerprint(&coded), expected, "{name}, {threads} threads");
        }
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
        for file in [[b"\x89LGI2", payload.as_slice()].concat(), around(&payload, width, height)] {
            let _ = read(&file);
            let _ = decode_partial(&file, &ReadLimits::default());
            let _ = decode_partial(&file[..file.len() - 4], &ReadLimits::default());
        }
    }
}
