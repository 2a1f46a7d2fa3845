//! From pictures to coded files: targets are kept, and nothing depends on chance.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::blend::Blend;
use lgi::codec::coded::{Coded, Order};
use lgi::codec::encode_exact;
use lgi::compress::{CompressOptions, Dense, Effort, Parts, Target, compress};
use lgi::fit::Quality;
use lgi::image::{Image, Size};
use lgi::metrics::psnr_db;
use lgi::renderer::Renderer;

/// A picture with edges, gradients and some texture.
fn picture(size: Size, channels: usize) -> Arc<Image> {
    let mut image = Image::zeros(size, channels);
    for channel in 0..channels {
        for y in 0..size.height {
            for x in 0..size.width {
                let (u, v) = (x as f32 / 96.0, y as f32 / 64.0);
                let disc = f32::from((u - 0.4).hypot(v - 0.5) < 0.25);
                let waves = 0.1 * (40.0 * u + 3.0 * channel as f32).sin() * (25.0 * v).cos();
                let value = 0.3 + 0.3 * u + 0.3 * disc * (1.0 - 0.2 * channel as f32) + waves;
                image.plane_mut(channel)[y * size.width + x] = value.clamp(0.0, 1.0);
            }
        }
    }
    Arc::new(image)
}

fn coded(image: &Arc<Image>, target: Target, threads: usize) -> lgi::Result<Coded> {
    coded_with(image, target, threads, Parts::default())
}

fn coded_with(
    image: &Arc<Image>,
    target: Target,
    threads: usize,
    parts: Parts,
) -> lgi::Result<Coded> {
    let mut backend = Cpu::with_threads(threads)?;
    let effort = Effort {
        surplus: 2,
        iterations: 30,
        rounds: 2,
        sweeps: 2,
        last_sweeps: 2,
        refit_iterations: 8,
        groups: 3,
        group_iterations: 3,
        dense: Dense { iterations: 30, rounds: 2, refit_iterations: 16 },
    };
    compress(
        &mut backend,
        image,
        &CompressOptions { target, effort, order: Order::Sequential, parts, seed: 3 },
    )
}

fn file(image: &Arc<Image>, target: Target) -> Vec<u8> {
    encode_exact(&coded(image, target, 2).unwrap(), Order::Sequential, 8, None).unwrap()
}

fn psnr(coded: &Coded, image: &Image) -> f64 {
    let mut backend = Cpu::new();
    let mut renderer = Renderer::new(&mut backend, Blend::Additive, image.size());
    renderer.set(&coded.gaussians());
    psnr_db(&renderer.render().unwrap(), image).unwrap()
}

#[test]
fn a_file_is_never_larger_than_asked_for_and_little_smaller() {
    let image = picture(Size::new(192, 128), 3);
    for bytes in [300, 900, 2500] {
        let size = file(&image, Target::Bytes(bytes)).len() as u64;
        assert!(size <= bytes && size as f64 >= 0.97 * bytes as f64, "{size} for {bytes}");
    }
}

#[test]
fn more_bytes_give_a_better_picture() {
    let image = picture(Size::new(192, 128), 3);
    let psnrs: Vec<f64> = [300, 900, 2500]
        .map(|bytes| psnr(&coded(&image, Target::Bytes(bytes), 2).unwrap(), &image))
        .to_vec();
    assert!(psnrs[0] > 20.0 && psnrs[1] > psnrs[0] + 1.0 && psnrs[2] > psnrs[1] + 1.0, "{psnrs:?}");
}

#[test]
fn every_part_of_the_encoder_pays_and_none_is_needed() {
    let image = picture(Size::new(192, 128), 3);
    let all = Parts::default();
    let psnr_with = |parts: Parts| {
        let coded = coded_with(&image, Target::Bytes(900), 2, parts).unwrap();
        assert!(encode_exact(&coded, Order::Sequential, 8, None).unwrap().len() <= 900);
        psnr(&coded, &image)
    };
    let best = psnr_with(all);
    for fewer in [
        Parts { base_layer: false, ..all },
        Parts { rate_penalty: false, ..all },
        Parts { search: false, ..all },
        Parts { refitting: false, ..all },
    ] {
        let psnr = psnr_with(fewer);
        assert!((20.0..best).contains(&psnr), "{psnr} against {best} without {fewer:?}");
    }
}

#[test]
fn a_psnr_is_reached() {
    let image = picture(Size::new(192, 128), 3);
    for wanted in [26.0, 32.0] {
        let reached = psnr(&coded(&image, Target::PsnrDb(wanted), 2).unwrap(), &image);
        assert!(reached >= wanted && reached < wanted + 1.0, "{reached} for {wanted} dB");
    }
}

#[test]
fn finer_steps_give_better_and_larger_files() {
    let image = picture(Size::new(192, 128), 3);
    let [coarse, fine] = [0.4, 0.1].map(|step| coded(&image, Target::Step(step), 2).unwrap());
    let size = |coded: &Coded| encode_exact(coded, Order::Sequential, 8, None).unwrap().len();
    assert!(size(&fine) > size(&coarse));
    assert!(psnr(&fine, &image) > psnr(&coarse, &image) + 1.0);
}

#[test]
fn the_same_command_gives_the_same_bytes_on_any_number_of_threads() {
    let image = picture(Size::new(160, 96), 3);
    let one = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let coded = pool.install(|| coded(&image, Target::Bytes(700), threads)).unwrap();
        encode_exact(&coded, Order::Sequential, 8, None).unwrap()
    };
    let first = one(1);
    assert_eq!(first, one(1));
    assert_eq!(first, one(2));
    assert_eq!(first, one(3));
}

#[test]
fn pictures_of_all_channels_and_sizes_are_coded() {
    for channels in [1, 3, 4] {
        for size in [Size::new(1, 1), Size::new(1, 70), Size::new(5, 3), Size::new(90, 61)] {
            let image = picture(size, channels);
            let coded = coded(&image, Target::Step(0.0385), 1).unwrap();
            let reached = psnr(&coded, &image);
            assert!(reached > 28.0, "{size} of {channels} channels: {reached} dB");
        }
    }
}

#[test]
fn flat_pictures_take_next_to_nothing() {
    let mut image = Image::zeros(Size::new(256, 256), 3);
    image.data_mut().fill(0.5);
    let image = Arc::new(image);
    let coded = coded(&image, Target::PsnrDb(35.0), 1).unwrap();
    assert!(psnr(&coded, &image) >= 35.0);
    assert!(encode_exact(&coded, Order::Sequential, 8, None).unwrap().len() < 400);
}

#[test]
fn what_cannot_be_coded_is_refused_with_the_reason() {
    let image = picture(Size::new(192, 128), 3);
    for (target, reason) in [
        (Target::Bytes(10), "10 bytes"),
        (Target::Step(0.0), "above 0"),
        (Target::Step(f64::NAN), "above 0"),
        (Target::PsnrDb(f64::INFINITY), "must be a number"),
    ] {
        let message = coded(&image, target, 1).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let empty = Arc::new(Image::zeros(Size::new(0, 4), 3));
    assert!(coded(&empty, Target::Step(0.1), 1).is_err());
    let two = Arc::new(Image::zeros(Size::new(4, 4), 2));
    assert!(coded(&two, Target::Step(0.1), 1).is_err());
}

#[test]
fn presets_do_more_and_more() {
    let efforts = Quality::ALL.map(Effort::of);
    assert!(efforts.is_sorted_by(|less, more| {
        less.iterations <= more.iterations
            && less.rounds <= more.rounds
            && less.dense.iterations <= more.dense.iterations
            && less.dense.rounds <= more.dense.rounds
    }));
    // Passes of fits and refits: where Gaussians have room, and where they crowd.
    let passes = efforts.map(|Effort { iterations, rounds, refit_iterations, dense, .. }| {
        let with_refits = |first, rounds: usize, refit| first + (rounds as u64 - 1) * refit;
        [
            with_refits(iterations, rounds, refit_iterations),
            with_refits(dense.iterations, dense.rounds, dense.refit_iterations),
        ]
    });
    assert!(passes.is_sorted_by(|less, more| less[0] < more[0] && less[1] < more[1]), "{passes:?}");
}
