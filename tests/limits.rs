//! A file's own claims never decide how much memory or time reading it takes.

mod png_builder;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use lgi::blend::Blend;
use lgi::codec::{self, ReadLimits, Scene, WriteOptions};
use lgi::gaussians::Gaussians;
use lgi::image::{self, Limits, PictureFormat, SaveOptions, Size};
use lgi::{Error, Result};
use png_builder::Png;

/// The system's allocator, with a note of the largest allocation of each thread.
struct Watched;

thread_local! {
    static LARGEST_BYTES: Cell<usize> = const { Cell::new(0) };
}

fn note(bytes: usize) {
    // A thread that is ending has no notes any more.
    let _ = LARGEST_BYTES.try_with(|largest| largest.set(largest.get().max(bytes)));
}

// SAFETY: every call goes to the system's allocator as it came; noting a size allocates nothing.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(new_size);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// The result of `work`, and the largest single allocation that it made.
fn largest_allocation<T>(work: impl FnOnce() -> T) -> (T, usize) {
    LARGEST_BYTES.set(0);
    let result = work();
    (result, LARGEST_BYTES.get())
}

fn pixels_at_most(max_pixels: u64) -> Limits {
    Limits { max_pixels, ..Limits::default() }
}

/// The limit that was hit, as `(what, value, limit)`.
fn limit<T: std::fmt::Debug>(result: Result<T>) -> (&'static str, u64, u64) {
    match result {
        Err(Error::Limit { what, value, limit }) => (what, value, limit),
        other => panic!("not a limit: {other:?}"),
    }
}

#[test]
fn pngs_that_promise_too_many_pixels_are_refused_before_any_is_allocated() {
    let sizes = [(65_535, 65_535), (i32::MAX as u32, i32::MAX as u32), (20_000, 20_000)];
    for (width, height) in sizes {
        for (bit_depth, color_type) in [(1, 0), (8, 0), (8, 2), (16, 6)] {
            let png = Png::new(width, height, bit_depth, color_type, &[0; 100]).bytes();
            let (result, largest) = largest_allocation(|| image::decode(&png, &Limits::default()));
            let (_, value, _) = limit(result);
            assert_eq!(value, u64::from(width) * u64::from(height));
            assert!(largest < 1 << 16, "{largest}");
        }
    }
}

#[test]
fn headers_that_the_rest_of_the_file_cannot_fill_are_refused_before_any_allocation() {
    let png = Png::new(10_000, 10_000, 8, 2, &[0; 100]).bytes();
    let mut jpeg = jpeg(16, 16);
    let at = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[at + 5..at + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    let pnm = b"P6 10000 10000 255\n1234567890".to_vec();
    for bytes in [png, jpeg, pnm] {
        let (result, largest) = largest_allocation(|| image::decode(&bytes, &Limits::default()));
        let message = result.unwrap_err().to_string();
        assert!(message.contains("10000x10000"), "{message}");
        assert!(largest < 1 << 17, "{largest}");
    }
}

fn jpeg(width: usize, height: usize) -> Vec<u8> {
    let picture = image::Image::zeros(Size::new(width, height), 3);
    image::encode(&picture, PictureFormat::Jpeg, &SaveOptions::default()).unwrap()
}

#[test]
fn a_limit_allows_what_is_just_within_it() {
    for format in [
        PictureFormat::Png,
        PictureFormat::Jpeg,
        PictureFormat::WebP,
        PictureFormat::Bmp,
        PictureFormat::Tiff,
        PictureFormat::Pnm,
    ] {
        let picture = image::Image::zeros(Size::new(40, 30), 3);
        let bytes = image::encode(&picture, format, &SaveOptions::default()).unwrap();
        assert!(image::decode(&bytes, &pixels_at_most(1200)).is_ok(), "{format}");
        let (what, value, at_most) = limit(image::decode(&bytes, &pixels_at_most(1199)));
        assert!(what.contains("pixels"));
        assert_eq!((value, at_most), (1200, 1199));

        // Three bytes of samples and three floats for each pixel.
        let memory = |max_memory_bytes| Limits { max_memory_bytes, ..Limits::default() };
        assert!(image::decode(&bytes, &memory(1200 * 15)).is_ok(), "{format}");
        let (what, value, _) = limit(image::decode(&bytes, &memory(1200 * 15 - 1)));
        assert!(what.contains("memory"));
        assert_eq!(value, 1200 * 15);
    }
}

#[test]
fn an_8k_picture_is_within_the_default_limits() {
    let size = Size::new(7680, 4320);
    let pnm = [&b"P5 7680 4320 255\n"[..], &vec![77; size.pixels()]].concat();
    assert_eq!(image::decode(&pnm, &Limits::default()).unwrap().image.size(), size);
}

#[test]
fn endless_streams_are_cut_off() {
    let limits = Limits { max_file_bytes: 1000, ..Limits::default() };
    let (_, _, at_most) = limit(image::read(std::io::repeat(0x89), &limits));
    assert_eq!(at_most, 1000);
    let limits = ReadLimits { max_file_bytes: 1000, ..ReadLimits::default() };
    limit(codec::read(std::io::repeat(0x89), &limits));
}

fn scene(size: Size, sigma_px: f32, count: usize) -> Scene {
    let mut gaussians = Gaussians::empty(3);
    for _ in 0..count {
        let mean = [size.width as f32 / 2.0, size.height as f32 / 2.0];
        gaussians.push(mean, [sigma_px, 0.0, 0.0, sigma_px], &[0.1, 0.2, 0.3]);
    }
    Scene { size, bit_depth: 8, blend: Blend::Additive, gaussians, metadata: None }
}

fn file(scene: &Scene) -> Vec<u8> {
    codec::encode(scene, &WriteOptions::default()).unwrap()
}

#[test]
fn lgi_files_of_too_many_pixels_are_refused() {
    let bytes = file(&scene(Size::new(1 << 20, 1 << 20), 2.0, 1));
    let (what, value, _) = limit(codec::decode(&bytes, &ReadLimits::default()));
    assert!(what.contains("pixels"));
    assert_eq!(value, 1 << 40);
    limit(codec::probe(&bytes, &ReadLimits::default()));
}

#[test]
fn lgi_files_of_too_many_gaussians_are_refused() {
    let bytes = file(&scene(Size::new(10, 10), 2.0, 11));
    let limits = ReadLimits { max_gaussians: 10, ..ReadLimits::default() };
    let (what, value, at_most) = limit(codec::decode(&bytes, &limits));
    assert!(what.contains("Gaussians"));
    assert_eq!((value, at_most), (11, 10));
}

#[test]
fn a_small_lgi_file_cannot_make_drawing_take_forever() {
    let bytes = file(&scene(Size::new(10_000, 10_000), 9000.0, 1000));
    let (what, value, _) = limit(codec::decode(&bytes, &ReadLimits::default()));
    assert!(what.contains("pairs"));
    assert!((9e10..2e11).contains(&(value as f64)), "{value}");
    // As many Gaussians of an ordinary size are no trouble.
    codec::decode(&file(&scene(Size::new(10_000, 10_000), 5.0, 1000)), &ReadLimits::default())
        .unwrap();
}

#[test]
fn counts_and_lengths_that_the_file_cannot_fill_allocate_nothing() {
    let bytes = file(&scene(Size::new(10, 10), 2.0, 1));
    let payload = 36 + 8;
    for (at, value) in [(36 + 4, u32::MAX), (36 + 4, 1 << 30), (payload, u32::MAX), (payload, 1)] {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        let covered = bytes.len() - 12 - 4;
        let checksum = crc32fast::hash(&bytes[36..covered]);
        bytes[covered..covered + 4].copy_from_slice(&checksum.to_le_bytes());
        let limits = ReadLimits { max_gaussians: u64::MAX, ..ReadLimits::default() };
        let (result, largest) = largest_allocation(|| codec::decode(&bytes, &limits));
        assert_eq!(result.is_ok(), (at, value) == (payload, 1));
        assert!(largest < 4096, "{largest}");
    }
}
