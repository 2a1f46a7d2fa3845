//! `.lgi` files: what is written comes back, and nothing damaged is believed.

use std::fs;

use lgi::Error;
use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::codec::{
    self, Precision, ReadLimits, Scene, WriteOptions, decode, encode, probe, write_file,
};
use lgi::gaussians::Gaussians;
use lgi::image::Size;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const PRECISIONS: [Precision; 2] = [Precision::Float32, Precision::Quantized16];

fn options(precision: Precision) -> WriteOptions {
    WriteOptions { precision, ..WriteOptions::default() }
}

fn read(bytes: &[u8]) -> lgi::Result<Scene> {
    decode(bytes, &ReadLimits::default())
}

fn scene(count: usize, channels: usize, size: Size) -> Scene {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut gaussians = Gaussians::empty(channels);
    for _ in 0..count {
        let mean = [
            random.random_range(0.0..size.width as f32),
            random.random_range(0.0..size.height as f32),
        ];
        let (s1, s2) = (random.random_range(1.5..8.0_f32), random.random_range(0.5..3.0_f32));
        let (sin, cos) = random.random_range(-3.0..3.0_f32).sin_cos();
        let color: Vec<f32> = (0..channels).map(|_| random.random_range(-0.2..0.5)).collect();
        gaussians.push(mean, [cos * s1, -sin * s2, sin * s1, cos * s2], &color);
    }
    let metadata = Some(serde_json::json!({ "encoder": "test", "seed": 7 }));
    Scene { size, bit_depth: 8, blend: Blend::Additive, gaussians, metadata }
}

fn small_scene() -> Scene {
    scene(3, 3, Size::new(20, 10))
}

/// Appends a chunk in front of the last one, its checksum right.
fn with_chunk(file: &[u8], kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let (before, done) = file.split_at(file.len() - 12);
    let mut chunk = kind.to_vec();
    chunk.extend((payload.len() as u32).to_le_bytes());
    chunk.extend(payload);
    let checksum = crc32fast::hash(&chunk);
    chunk.extend(checksum.to_le_bytes());
    [before, &chunk, done].concat()
}

/// Overwrites header bytes and makes the header's checksum right again.
fn with_header(file: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    let checksum = crc32fast::hash(&file[..32]);
    file[32..36].copy_from_slice(&checksum.to_le_bytes());
    file
}

#[test]
fn float32_files_give_back_every_bit() {
    for channels in [1, 3, 4] {
        for blend in [Blend::Additive, Blend::Normalized { epsilon: 0.01 }] {
            let scene = Scene { blend, bit_depth: 16, ..scene(40, channels, Size::new(64, 48)) };
            let file = encode(&scene, &options(Precision::Float32)).unwrap();
            assert_eq!(read(&file).unwrap(), scene);
            assert_eq!(encode(&read(&file).unwrap(), &options(Precision::Float32)).unwrap(), file);
        }
    }
}

#[test]
fn sixteen_bits_lose_less_than_a_twentieth_of_a_decibel_at_40_db() {
    let size = Size::new(128, 96);
    for channels in [1, 3, 4] {
        let scene = scene(300, channels, size);
        let file = encode(&scene, &options(Precision::Quantized16)).unwrap();
        let back = read(&file).unwrap();
        let draw = |g: &Gaussians| Oracle.render_f64(&Splats::new(g), size);
        let (before, after) = (draw(&scene.gaussians), draw(&back.gaussians));
        let squares: f64 = before.iter().zip(&after).map(|(a, b)| (a - b).powi(2)).sum();
        let mse = squares / before.len() as f64;
        // Errors of fit and of quantising are independent: their squares add.
        let loss_db = 10.0 * ((1e-4 + mse) / 1e-4).log10();
        assert!(loss_db < 0.05, "{channels} channels: {loss_db} dB");
        let full = encode(&scene, &options(Precision::Float32)).unwrap();
        assert!(2 * file.len() < full.len() + 400, "{} {}", file.len(), full.len());
    }
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    for precision in PRECISIONS {
        let write = || encode(&small_scene(), &options(precision)).unwrap();
        assert_eq!(write(), write());
    }
}

#[test]
fn scenes_without_gaussians_or_metadata_are_files_too() {
    for precision in PRECISIONS {
        let mut scene = scene(0, 3, Size::new(5, 4));
        scene.metadata = None;
        assert_eq!(read(&encode(&scene, &options(precision)).unwrap()).unwrap(), scene);
    }
}

#[test]
fn every_truncation_is_an_error() {
    for precision in PRECISIONS {
        let file = encode(&small_scene(), &options(precision)).unwrap();
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_err(), "{length} of {}", file.len());
        }
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    for precision in PRECISIONS {
        let mut file = encode(&small_scene(), &options(precision)).unwrap();
        for bit in 0..file.len() * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            let error = read(&file).expect_err("a damaged file was believed").to_string();
            assert_eq!(error.lines().count(), 1, "{error}");
            file[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn bytes_behind_the_end_are_an_error() {
    let mut file = encode(&small_scene(), &options(Precision::Float32)).unwrap();
    file.push(0);
    assert!(read(&file).unwrap_err().to_string().contains("1 bytes follow"));
}

#[test]
fn unknown_chunks_are_skipped_if_ancillary_and_named_if_critical() {
    let file = encode(&small_scene(), &options(Precision::Float32)).unwrap();
    assert_eq!(read(&with_chunk(&file, b"note", b"hello")).unwrap(), small_scene());
    let error = read(&with_chunk(&file, b"NEWS", b"")).unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }));
    assert!(error.to_string().contains("NEWS"), "{error}");
}

#[test]
fn a_file_has_one_set_of_gaussians_and_one_of_metadata() {
    let file = encode(&small_scene(), &options(Precision::Float32)).unwrap();
    assert!(read(&with_chunk(&file, b"meta", b"{}")).is_err());
    let empty = [0_u8; 4];
    assert!(read(&with_chunk(&file, b"GF32", &empty)).is_err());
    assert!(read(&with_chunk(&file, b"GU16", &empty)).is_err());
    let mut scene = small_scene();
    scene.metadata = None;
    let file = encode(&scene, &options(Precision::Float32)).unwrap();
    let headless = [&file[..36], &file[file.len() - 12..]].concat();
    assert!(read(&headless).unwrap_err().to_string().contains("no chunk of Gaussians"));
    assert!(read(&with_chunk(&file, b"meta", b"not json")).is_err());
}

#[test]
fn headers_of_other_versions_and_contents_say_what_is_wrong() {
    let file = encode(&small_scene(), &options(Precision::Float32)).unwrap();
    let cases: [(usize, &[u8], &str); 8] = [
        (8, &[2, 0], "version 2"),
        (10, &[2], "2 channels"),
        (11, &[12], "12 bits"),
        (12, &[0, 0, 0, 0], "0x10"),
        (20, &[9], "blend 9"),
        (21, &[1], "does not know"),
        (24, &f32::NAN.to_le_bytes(), "epsilon of NaN"),
        (28, &9.0_f32.to_le_bytes(), "q = 9"),
    ];
    for (offset, bytes, expected) in cases {
        let message = read(&with_header(&file, offset, bytes)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let text = [&b"\x89LGI\n\x1a\n"[..], &file[8..]].concat();
    assert!(read(&text).unwrap_err().to_string().contains("binary"));
    assert!(read(b"\x89PNG\r\n\x1a\n").unwrap_err().to_string().contains("another kind"));
}

#[test]
fn values_that_cannot_be_drawn_are_neither_written_nor_read() {
    let spoil: [fn(&mut Gaussians); 6] = [
        |g| g.mean_px[1][0] = f32::NAN,
        |g| g.color[2] = f32::INFINITY,
        |g| g.factor_px[0] = [1.0, 2.0, 2.0, 4.0],
        |g| g.factor_px[0] = [1e-6, 0.0, 0.0, 1e-6],
        |g| g.mean_px[2][1] = -1e9,
        |g| {
            g.color.pop();
        },
    ];
    for spoil in spoil {
        let mut scene = small_scene();
        spoil(&mut scene.gaussians);
        assert!(encode(&scene, &options(Precision::Float32)).is_err());
    }
    // As a file with right checksums: the first centre's x is NaN.
    let file = encode(&small_scene(), &options(Precision::Float32)).unwrap();
    let at = file.windows(4).position(|kind| kind == b"GF32").unwrap();
    let length = file.len() - 12 - 4 - at - 8;
    let mut payload = file[at + 8..at + 8 + length].to_vec();
    payload[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
    let without = [&file[..at], &file[file.len() - 12..]].concat();
    let message = read(&with_chunk(&without, b"GF32", &payload)).unwrap_err().to_string();
    assert!(message.contains("Gaussian 0"), "{message}");
}

#[test]
fn info_lists_what_is_inside() {
    let file = encode(&small_scene(), &options(Precision::Quantized16)).unwrap();
    let info = probe(&file, &ReadLimits::default()).unwrap();
    assert_eq!((info.version, info.gaussians, info.precision), (1, 3, Precision::Quantized16));
    assert_eq!(info.header, small_scene().header());
    assert_eq!(info.metadata, small_scene().metadata);
    let kinds: Vec<&str> = info.chunks.iter().map(|chunk| chunk.kind.as_str()).collect();
    assert_eq!(kinds, ["meta", "GU16", "DONE"]);
    let payloads: u64 = info.chunks.iter().map(|chunk| chunk.payload_bytes).sum();
    assert_eq!(payloads + 3 * 12 + 36, file.len() as u64);
}

#[test]
fn files_are_replaced_only_if_asked_and_failures_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lgi");
    let plain = options(Precision::Float32);
    write_file(&path, &small_scene(), &plain).unwrap();
    let message = write_file(&path, &small_scene(), &plain).unwrap_err().to_string();
    assert!(message.contains("exists already") && message.ends_with("a.lgi"), "{message}");
    let other = scene(5, 1, Size::new(9, 9));
    write_file(&path, &other, &WriteOptions { overwrite: true, ..plain }).unwrap();
    assert_eq!(codec::read_file(&path, &ReadLimits::default()).unwrap(), other);
    assert_eq!(codec::read(fs::File::open(&path).unwrap(), &ReadLimits::default()).unwrap(), other);

    fs::create_dir(folder.path().join("folder.lgi")).unwrap();
    for name in ["folder.lgi", "missing/a.lgi"] {
        assert!(write_file(&folder.path().join(name), &other, &plain).is_err());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn written_files_have_the_permissions_of_any_other_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode =
        |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(folder.path().join("plain"), b"").unwrap();
    let path = folder.path().join("a.lgi");
    write_file(&path, &small_scene(), &WriteOptions::default()).unwrap();
    assert_eq!(mode("a.lgi"), mode("plain"));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("a.lgi", folder.path().join("link.lgi")).unwrap();
    let again = WriteOptions { overwrite: true, ..WriteOptions::default() };
    write_file(&folder.path().join("link.lgi"), &small_scene(), &again).unwrap();
    assert!(fs::symlink_metadata(folder.path().join("link.lgi")).unwrap().is_symlink());
    assert_eq!(mode("a.lgi"), 0o640);
}

prop_compose! {
    fn any_scene()(channels in prop::sample::select(vec![1_usize, 3, 4]))(
        rows in prop::collection::vec(
            (
                [-50.0..500.0_f32, -50.0..500.0],
                [0.3..40.0_f32, -0.2..0.2, -0.2..0.2, 0.3..40.0],
                prop::collection::vec(-1.5..1.5_f32, channels),
            ),
            0..12,
        ),
        channels in Just(channels),
        width in 1..500_usize,
        height in 1..500_usize,
        deep in any::<bool>(),
    ) -> Scene {
        let mut gaussians = Gaussians::empty(channels);
        for (mean, factor, color) in rows {
            gaussians.push(mean, factor, &color);
        }
        Scene {
            size: Size::new(width, height),
            bit_depth: if deep { 16 } else { 8 },
            blend: Blend::Additive,
            gaussians,
            metadata: None,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scene_survives_a_file(scene in any_scene()) {
        let file = encode(&scene, &options(Precision::Float32)).unwrap();
        prop_assert_eq!(&read(&file).unwrap(), &scene);

        let file = encode(&scene, &options(Precision::Quantized16)).unwrap();
        let back = read(&file).unwrap().gaussians;
        for index in 0..scene.gaussians.len() {
            for axis in 0..2 {
                let (a, b) = (scene.gaussians.mean_px[index], back.mean_px[index]);
                prop_assert!((a[axis] - b[axis]).abs() < 0.01);
                let (a, b) = (scene.gaussians.sigmas_px(index), back.sigmas_px(index));
                prop_assert!((a[axis] / b[axis] - 1.0).abs() < 1e-3, "{:?} {:?}", a, b);
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(rest: Vec<u8>, kind in prop::sample::select(vec![*b"GF32", *b"GU16", *b"meta", *b"DONE"])) {
        let file = encode(&small_scene(), &options(Precision::Float32)).unwrap();
        let _ = read(&rest);
        let _ = read(&[&file[..36], &rest].concat());
        // With right checksums it gets further in.
        let without = [&file[..36], &file[file.len() - 12..]].concat();
        let _ = read(&with_chunk(&without, &kind, &rest));
    }
}
