//! Picture files: what is read from them, and what is written.

mod png_builder;

use std::fs;
use std::path::Path;

use lgi::Error;
use lgi::image::{self, Image, Limits, PictureFormat, Samples, SaveOptions, Size};
use png_builder::{Png, exif_orientation};
use proptest::prelude::*;

const ALL_FORMATS: [PictureFormat; 7] = [
    PictureFormat::Png,
    PictureFormat::Jpeg,
    PictureFormat::WebP,
    PictureFormat::Bmp,
    PictureFormat::Tiff,
    PictureFormat::Pnm,
    PictureFormat::Pam,
];

fn decode(bytes: &[u8]) -> lgi::Result<image::Loaded> {
    image::decode(bytes, &Limits::default())
}

fn depth(bit_depth: u8) -> SaveOptions {
    SaveOptions { bit_depth, ..SaveOptions::default() }
}

/// Every value different, alpha never opaque throughout.
fn gradient(size: Size, channels: usize, bit_depth: u8) -> Image {
    let count = size.pixels() * channels;
    let samples = (0..count).map(|i| i * 65535 / count);
    match bit_depth {
        8 => Image::from_8bit(size, channels, &samples.map(|v| (v >> 8) as u8).collect::<Vec<_>>()),
        _ => Image::from_16bit(size, channels, &samples.map(|v| v as u16).collect::<Vec<_>>()),
    }
    .unwrap()
}

/// A picture that JPEG can hold well.
fn smooth(size: Size, channels: usize) -> Image {
    let samples: Vec<u8> = (0..size.pixels() * channels)
        .map(|i| (40 + 4 * (i / channels % size.width) + 2 * (i / channels / size.width)) as u8)
        .collect();
    Image::from_8bit(size, channels, &samples).unwrap()
}

#[test]
fn lossless_formats_give_back_every_value() {
    for format in ALL_FORMATS.into_iter().filter(|f| *f != PictureFormat::Jpeg) {
        for channels in [1, 3, 4] {
            for bit_depth in [8, 16].into_iter().filter(|b| *b <= format.max_bit_depth()) {
                let picture = gradient(Size::new(7, 5), channels, bit_depth);
                let bytes = image::encode(&picture, format, &depth(bit_depth)).unwrap();
                let loaded = decode(&bytes).unwrap();
                // WebP has no gray and BMP stores it as a palette.
                let gray_as_rgb = channels == 1 && loaded.image.channels() == 3;
                if gray_as_rgb {
                    assert!(matches!(format, PictureFormat::WebP | PictureFormat::Bmp));
                    assert_eq!(loaded.image.plane(2), picture.plane(0));
                } else {
                    assert_eq!(loaded.image, picture, "{format} {channels} {bit_depth}");
                }
                let read_as =
                    if format == PictureFormat::Pam { PictureFormat::Pnm } else { format };
                assert_eq!((loaded.bit_depth, loaded.format), (bit_depth, read_as));
            }
        }
    }
}

#[test]
fn jpeg_gives_back_a_smooth_picture_closely() {
    for channels in [1, 3] {
        let picture = smooth(Size::new(24, 16), channels);
        let bytes = image::encode(&picture, PictureFormat::Jpeg, &depth(8)).unwrap();
        let loaded = decode(&bytes).unwrap();
        assert_eq!(loaded.image.channels(), channels);
        for (a, b) in loaded.image.data().iter().zip(picture.data()) {
            assert!((a - b).abs() < 0.03, "{a} {b}");
        }
    }
}

#[test]
fn few_bits_are_spread_from_black_to_white() {
    let one = decode(&Png::new(2, 1, 1, 0, &[0, 0b0100_0000]).bytes()).unwrap();
    assert_eq!(one.image.data(), [0.0, 1.0]);
    let two = decode(&Png::new(4, 1, 2, 0, &[0, 0b00_01_10_11]).bytes()).unwrap();
    assert_eq!(two.image.to_8bit(), [0, 85, 170, 255]);
    let four = decode(&Png::new(2, 1, 4, 0, &[0, 0xf3]).bytes()).unwrap();
    assert_eq!(four.image.to_8bit(), [255, 51]);
    assert_eq!((four.image.channels(), four.bit_depth), (1, 8));
}

#[test]
fn palettes_become_rgb_and_their_transparency_alpha() {
    let palette = [255, 0, 0, 0, 255, 0];
    let plain = Png::new(2, 1, 8, 3, &[0, 0, 1]).with(b"PLTE", &palette);
    assert_eq!(decode(&plain.bytes()).unwrap().image.to_8bit(), palette);
    let transparent = plain.with(b"tRNS", &[128]);
    let loaded = decode(&transparent.bytes()).unwrap();
    assert_eq!(loaded.image.to_8bit(), [255, 0, 0, 128, 0, 255, 0, 255]);
}

#[test]
fn alpha_is_kept_unless_every_pixel_is_opaque() {
    let opaque = Png::new(1, 1, 8, 6, &[0, 1, 2, 3, 255]);
    assert_eq!(decode(&opaque.bytes()).unwrap().image.to_8bit(), [1, 2, 3]);
    let clear = Png::new(1, 1, 8, 6, &[0, 1, 2, 3, 0]);
    assert_eq!(decode(&clear.bytes()).unwrap().image.to_8bit(), [1, 2, 3, 0]);
    let gray_opaque = Png::new(1, 1, 8, 4, &[0, 9, 255]);
    assert_eq!(decode(&gray_opaque.bytes()).unwrap().image.to_8bit(), [9]);
    let gray_clear = Png::new(1, 1, 8, 4, &[0, 9, 7]);
    assert_eq!(decode(&gray_clear.bytes()).unwrap().image.to_8bit(), [9, 9, 9, 7]);
    let sixteen = Png::new(1, 1, 16, 4, &[0, 0x12, 0x34, 0xff, 0xfe]);
    let loaded = decode(&sixteen.bytes()).unwrap();
    assert_eq!(loaded.image.to_16bit(), [0x1234, 0x1234, 0x1234, 0xfffe]);
    assert_eq!(loaded.bit_depth, 16);
}

#[test]
fn values_outside_black_and_white_are_clamped_and_the_rest_rounded() {
    let values = vec![-1.0, 2.0, 0.5 / 255.0 + 1e-6, 0.5 / 255.0 - 1e-6, f32::NAN];
    let picture = Image::from_planar(Size::new(5, 1), 1, values).unwrap();
    assert_eq!(picture.to_8bit(), [0, 255, 1, 0, 0]);
}

#[test]
fn photographs_are_turned_upright() {
    let two_rows = [0, 10, 20, 0, 30, 40];
    let png = Png::new(2, 2, 8, 0, &two_rows).with(b"eXIf", &exif_orientation(6));
    assert_eq!(decode(&png.bytes()).unwrap().image.to_8bit(), [30, 10, 40, 20]);

    let wide = smooth(Size::new(24, 8), 3);
    let jpeg = image::encode(&wide, PictureFormat::Jpeg, &depth(8)).unwrap();
    let mut exif = b"Exif\0\0".to_vec();
    exif.extend(exif_orientation(8));
    let mut turned = vec![0xff, 0xd8, 0xff, 0xe1];
    turned.extend((exif.len() as u16 + 2).to_be_bytes());
    turned.extend(exif);
    turned.extend(&jpeg[2..]);
    assert_eq!(decode(&turned).unwrap().image.size(), Size::new(8, 24));
}

#[test]
fn the_format_is_found_by_content_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.png");
    let picture = smooth(Size::new(16, 16), 3);
    fs::write(&path, image::encode(&picture, PictureFormat::Jpeg, &depth(8)).unwrap()).unwrap();
    let loaded = image::load(&path, &Limits::default()).unwrap();
    assert_eq!(loaded.format, PictureFormat::Jpeg);
}

#[test]
fn streams_are_read_and_written() {
    let picture = gradient(Size::new(3, 2), 3, 8);
    let mut stream = Vec::new();
    image::write(&mut stream, &picture, PictureFormat::Png, &depth(8)).unwrap();
    let loaded = image::read(stream.as_slice(), &Limits::default()).unwrap();
    assert_eq!(loaded.image, picture);
}

#[test]
fn every_truncation_is_an_error_or_a_whole_picture() {
    for format in ALL_FORMATS {
        let picture = smooth(Size::new(16, 9), 3);
        let bytes = image::encode(&picture, format, &depth(8)).unwrap();
        let whole = decode(&bytes).unwrap();
        for length in 0..bytes.len() {
            // A PNG without its end chunk, say, still has all of its pixels.
            if let Ok(loaded) = decode(&bytes[..length]) {
                assert_eq!(loaded, whole, "{format} {length}");
            }
        }
    }
}

#[test]
fn no_bit_flip_makes_a_panic() {
    for format in ALL_FORMATS {
        let picture = smooth(Size::new(12, 9), 3);
        let mut bytes = image::encode(&picture, format, &depth(8)).unwrap();
        for bit in 0..bytes.len().min(600) * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let small = Limits { max_pixels: 1 << 16, ..Limits::default() };
            let _ = image::decode(&bytes, &small);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn what_is_no_picture_says_so_in_one_line() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "empty"),
        (b"x", "no format known"),
        (b"just some text, nothing else", "no format known"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"GIF89a\x01\x00\x01\x00", "Gif"),
    ];
    for (bytes, expected) in cases {
        let message = decode(bytes).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert_eq!(message.lines().count(), 1);
    }
}

#[test]
fn a_wrong_checksum_is_called_damage() {
    let mut png = Png::new(1, 1, 8, 0, &[0, 7]).bytes();
    png[30] ^= 1;
    let message = decode(&png).unwrap_err().to_string();
    assert!(message.contains("damaged") && message.lines().count() == 1, "{message}");
}

#[test]
fn errors_name_the_file_last() {
    let message = image::load(Path::new("no/such.png"), &Limits::default()).unwrap_err();
    assert!(message.to_string().ends_with(": no/such.png"), "{message}");
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let rgba = gradient(Size::new(2, 2), 4, 8);
    let message = image::encode(&rgba, PictureFormat::Jpeg, &depth(8)).unwrap_err().to_string();
    assert!(message.contains("alpha"), "{message}");
    let message = image::encode(&rgba, PictureFormat::WebP, &depth(16)).unwrap_err().to_string();
    assert!(message.contains("16 bits"), "{message}");
    assert!(image::encode(&rgba, PictureFormat::Png, &depth(12)).is_err());
    assert!(
        image::encode(&Image::zeros(Size::new(2, 2), 2), PictureFormat::Png, &depth(8)).is_err()
    );
    let wide = Image::zeros(Size::new(70_000, 1), 1);
    let message = image::encode(&wide, PictureFormat::Jpeg, &depth(8)).unwrap_err().to_string();
    assert!(message.contains("70000x1"), "{message}");

    let folder = tempfile::tempdir().unwrap();
    for name in ["a.ppm", "a.xyz", "a"] {
        let path = folder.path().join(name);
        let message = image::save(&path, &rgba, &depth(8)).unwrap_err().to_string();
        assert!(message.ends_with(name), "{message}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn rows_one_after_the_other_make_the_picture() {
    let picture = gradient(Size::new(5, 3), 3, 8);
    let mut samples = Samples::empty(picture.size(), 3, 8).unwrap();
    for y in 0..3 {
        let row: Vec<f32> =
            (0..3).flat_map(|channel| picture.plane(channel)[y * 5..][..5].to_vec()).collect();
        let unfinished = image::encode_samples(&samples, PictureFormat::Png, &depth(8));
        assert!(unfinished.unwrap_err().to_string().contains("missing"));
        samples.push_rows(&Image::from_planar(Size::new(5, 1), 3, row).unwrap()).unwrap();
    }
    let whole = image::encode(&picture, PictureFormat::Png, &depth(8)).unwrap();
    assert_eq!(image::encode_samples(&samples, PictureFormat::Png, &depth(8)).unwrap(), whole);
    let mut none = Samples::empty(picture.size(), 3, 8).unwrap();
    let (row, narrow) = (Size::new(5, 1), Size::new(4, 1));
    // One too many; too narrow; gray.
    for (to, size, channels) in
        [(&mut samples, row, 3), (&mut none.clone(), narrow, 3), (&mut none, row, 1)]
    {
        let message = to.push_rows(&Image::zeros(size, channels)).unwrap_err().to_string();
        assert!(message.contains("do not fit"), "{message}");
    }
    assert!(Samples::empty(picture.size(), 3, 12).is_err());
}

#[test]
fn portable_maps_are_of_the_kind_that_their_name_says() {
    let kinds = [("a.pgm", 1, "P5"), ("a.ppm", 3, "P6"), ("a.pnm", 4, "P7"), ("a.pam", 3, "P7")];
    for (name, channels, magic) in kinds {
        for bit_depth in [8, 16] {
            let picture = gradient(Size::new(3, 2), channels, bit_depth);
            let format = PictureFormat::from_path(Path::new(name)).unwrap();
            let bytes = image::encode(&picture, format, &depth(bit_depth)).unwrap();
            assert!(bytes.starts_with(magic.as_bytes()), "{name} of {bit_depth} bits");
            assert_eq!(decode(&bytes).unwrap().image, picture);
        }
    }
}

#[test]
fn a_picture_is_replaced_only_if_asked_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    let first = gradient(Size::new(2, 2), 3, 8);
    let second = gradient(Size::new(3, 3), 1, 16);
    image::save(&path, &first, &depth(8)).unwrap();
    assert!(matches!(
        image::save(&path, &second, &depth(16)).unwrap_err().fault(),
        Error::Invalid(_)
    ));
    assert_eq!(image::load(&path, &Limits::default()).unwrap().image, first);
    image::save(&path, &second, &SaveOptions { overwrite: true, ..depth(16) }).unwrap();
    assert_eq!(image::load(&path, &Limits::default()).unwrap().image, second);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(which in 0_usize..8, rest: Vec<u8>) {
        let start: [&[u8]; 8] = [
            b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBPVP8L", b"BM", b"II*\0",
            b"P6 ", b"P7\n",
        ];
        let bytes = [start[which], &rest].concat();
        let _ = image::decode(&bytes, &Limits { max_pixels: 1 << 16, ..Limits::default() });
    }

    #[test]
    fn eight_and_sixteen_bits_survive_the_way_through_floats(samples in prop::collection::vec(any::<u16>(), 12)) {
        let size = Size::new(2, 2);
        let picture = Image::from_16bit(size, 3, &samples).unwrap();
        prop_assert_eq!(picture.to_16bit(), &samples[..]);
        let bytes: Vec<u8> = samples.iter().map(|v| *v as u8).collect();
        prop_assert_eq!(Image::from_8bit(size, 3, &bytes).unwrap().to_8bit(), bytes);
    }
}
