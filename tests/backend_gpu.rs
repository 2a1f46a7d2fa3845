//! The gpu backend against the float64 oracle, on software Vulkan.

#[path = "common/backend_scenes.rs"]
mod backend_scenes;

use std::sync::Arc;

use backend_scenes::{
    COMMON, HUGE, RELATIVE_TOLERANCE, Random, Sigmas, TINY, assert_jvp_is_right,
    assert_losses_are_right, assert_moments_are_right, assert_picture_is_right,
    assert_profile_is_right, random_image, random_splats, random_tangent,
};
use lgi::Error;
use lgi::backend::gpu::{Gpu, GpuOptions, Reduction, software_adapter};
use lgi::backend::{Backend, Splats};
use lgi::blend::Blend;
use lgi::image::{Image, Size};
use lgi::loss::Loss;

/// A gpu backend on software Vulkan; without one the test fails and names the missing package.
fn gpu(options: GpuOptions) -> Gpu {
    let adapter = software_adapter().unwrap_or_else(|error| panic!("{error}"));
    Gpu::with_options(&adapter, &options).unwrap_or_else(|error| panic!("{error}"))
}

fn poisoned(reduction: Reduction) -> Gpu {
    gpu(GpuOptions { poison: true, reduction: Some(reduction), ..GpuOptions::default() })
}

const SIZES: [Size; 4] = [Size::new(1, 1), Size::new(7, 5), Size::new(65, 33), Size::new(130, 67)];

/// Compares all three operations with the oracle.
fn assert_operations_are_right(gpu: &mut Gpu, what: &str, splats: &Splats, size: Size) {
    let tolerance = RELATIVE_TOLERANCE;
    let picture = gpu.render(splats, size).unwrap();
    assert_picture_is_right(&format!("{what}: render"), &picture, splats, size, tolerance);
    let gradient = random_image(5, size, splats.channels);
    let moments = gpu.vjp(splats, &gradient).unwrap();
    assert_moments_are_right(&format!("{what}: vjp"), &moments, splats, &gradient, tolerance);
    let tangent = random_tangent(6, splats);
    let change = gpu.jvp(splats, &tangent, size).unwrap();
    assert_jvp_is_right(&format!("{what}: jvp"), &change, splats, &tangent, size, tolerance);
}

fn assert_matrix_is_right(reduction: Reduction) {
    let mut gpu = poisoned(reduction);
    for channels in 1..=5 {
        for size in SIZES {
            for count in [0, 1, 300] {
                let what = format!("{count} splats, {channels} channels, {size}, {reduction:?}");
                let splats = random_splats(channels as u64, count, channels, size, COMMON);
                assert_operations_are_right(&mut gpu, &what, &splats, size);
            }
        }
    }
}

#[test]
fn every_channel_count_and_size_matches_the_oracle_with_subgroups() {
    assert_matrix_is_right(Reduction::Subgroup);
}

#[test]
fn every_channel_count_and_size_matches_the_oracle_with_broadcasts() {
    assert_matrix_is_right(Reduction::Broadcast);
}

#[test]
fn every_channel_count_and_size_matches_the_oracle_with_shared_memory() {
    assert_matrix_is_right(Reduction::Shared);
}

#[test]
fn tiny_huge_and_thin_splats_match_the_oracle() {
    let mut gpu = poisoned(Reduction::Broadcast);
    let size = Size::new(65, 33);
    let thin = Sigmas { min_px: 0.05, max_px: 50.0 };
    for (what, sigmas) in [("tiny", TINY), ("huge", HUGE), ("thin", thin)] {
        let splats = random_splats(9, 100, 3, size, sigmas);
        assert_operations_are_right(&mut gpu, what, &splats, size);
    }
}

#[test]
fn splats_off_the_picture_add_nothing() {
    let mut gpu = poisoned(Reduction::Broadcast);
    let size = Size::new(40, 20);
    let mut splats = random_splats(3, 6, 3, size, COMMON);
    let far =
        [[-1e3, 5.0], [5.0, 1e9], [f32::NAN, 1.0], [f32::INFINITY, 0.0], [1.0, -1e30], [1e3, 1e3]];
    splats.mean_px.copy_from_slice(&far);
    let picture = gpu.render(&splats, size).unwrap();
    assert!(picture.data().iter().all(|v| *v == 0.0));
    let moments = gpu.vjp(&splats, &random_image(1, size, 3)).unwrap();
    assert!(moments.iter().all(|v| *v == 0.0));
}

#[test]
fn long_lists_are_sorted_like_short_ones() {
    // 3000 splats over one tile: the bitmap, not the counting; and more than one window of it.
    let mut gpu = poisoned(Reduction::Broadcast);
    let size = Size::new(20, 12);
    let sigmas = Sigmas { min_px: 3.0, max_px: 6.0 };
    let splats = random_splats(21, 3000, 3, size, sigmas);
    let picture = gpu.render(&splats, size).unwrap();
    assert_picture_is_right("long lists", &picture, &splats, size, RELATIVE_TOLERANCE);

    let mut spread = random_splats(22, 70_000, 1, Size::new(600, 600), TINY);
    for mean in spread.mean_px.iter_mut().step_by(100) {
        *mean = [3.0, 4.0];
    }
    let near = spread.mean_px.iter().map(|[x, y]| x.abs() < 40.0 && y.abs() < 40.0);
    let kept: Vec<usize> = near.enumerate().filter(|(_, near)| *near).map(|(i, _)| i).collect();
    let first = gpu.render(&spread, Size::new(16, 16)).unwrap();
    // Those that cannot reach the picture leave gaps in the order, and nothing else.
    let dense = Splats {
        channels: 1,
        mean_px: kept.iter().map(|i| spread.mean_px[*i]).collect(),
        conic: kept.iter().map(|i| spread.conic[*i]).collect(),
        reach_px: kept.iter().map(|i| spread.reach_px[*i]).collect(),
        color: kept.iter().map(|i| spread.color[*i]).collect(),
    };
    assert!(dense.len() > 700 && dense.len() < 7000);
    assert_eq!(first.data(), gpu.render(&dense, Size::new(16, 16)).unwrap().data());
}

#[test]
fn the_adjoint_identity_holds() {
    let mut gpu = poisoned(Reduction::Broadcast);
    let size = Size::new(61, 47);
    let splats = random_splats(13, 200, 3, size, COMMON);
    let tangent = random_tangent(14, &splats);
    let gradient = random_image(15, size, 3);
    let change = gpu.jvp(&splats, &tangent, size).unwrap();
    let moments = gpu.vjp(&splats, &gradient).unwrap();
    let dot = |a: &[f32], b: &[f32]| -> (f64, f64) {
        let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.fold((0.0, 0.0), |(sum, size), p| (sum + p, size + p.abs()))
    };
    let (left, left_size) = dot(change.data(), gradient.data());
    let (right, _) = dot(&tangent, &moments);
    assert!((left - right).abs() < 1e-6 * left_size, "{left} {right} of {left_size}");
}

#[test]
fn runs_are_bit_identical() {
    let size = Size::new(130, 67);
    let splats = random_splats(17, 400, 3, size, COMMON);
    let target = Arc::new(random_image(18, size, 3));
    let loss = Loss { l1: 0.3, l2: 0.7, ssim: 0.0 };
    for reduction in [Reduction::Broadcast, Reduction::Subgroup, Reduction::Shared] {
        let mut answers = Vec::new();
        for _ in 0..2 {
            let mut gpu = poisoned(reduction);
            for _ in 0..3 {
                // Something else in between, so that the lists are made anew.
                gpu.render(&random_splats(1, 5, 3, size, HUGE), size).unwrap();
                let mut moments = Vec::new();
                let terms = gpu
                    .loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments)
                    .unwrap();
                let bits: Vec<u32> = moments.iter().map(|v| v.to_bits()).collect();
                answers.push((terms, bits, gpu.render(&splats, size).unwrap()));
            }
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{reduction:?}");
    }
}

#[test]
fn the_fused_loss_is_the_default_path() {
    let mut gpu = poisoned(Reduction::Broadcast);
    for (channels, loss) in [
        (1, Loss { l1: 1.0, l2: 0.0, ssim: 0.0 }),
        (3, Loss::default()),
        (3, Loss { l1: 0.2, l2: 0.8, ssim: 0.0 }),
        (5, Loss { l1: 0.0, l2: 2.0, ssim: 0.0 }),
    ] {
        let size = Size::new(83, 45);
        let splats = random_splats(23, 120, channels, size, COMMON);
        let mut target = random_image(24, size, channels);
        for step in [None, Some(255.0)] {
            if let Some(step) = step {
                // 8-bit values, which are packed.
                target.data_mut().iter_mut().for_each(|v| *v = (v.abs() * step).round() / step);
            }
            let target = Arc::new(target.clone());
            let mut moments = Vec::new();
            let terms =
                gpu.loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments).unwrap();

            let picture = gpu.render(&splats, size).unwrap();
            let (expected, gradient) = loss.evaluate(&picture, &target).unwrap();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1e-9);
            assert!(near(terms.l1, expected.l1), "{terms:?} {expected:?}");
            assert!(near(terms.l2, expected.l2), "{terms:?} {expected:?}");
            assert!(near(terms.mse_8bit, expected.mse_8bit), "{terms:?} {expected:?}");
            assert_moments_are_right("fused", &moments, &splats, &gradient, RELATIVE_TOLERANCE);
        }
    }
}

#[test]
fn the_fused_loss_of_every_blend_is_the_oracles() {
    assert_losses_are_right(&mut poisoned(Reduction::Broadcast), &[1, 3, 4]);
    // The same text in front of other sums.
    assert_losses_are_right(&mut poisoned(Reduction::Subgroup), &[1]);
    assert_losses_are_right(&mut poisoned(Reduction::Shared), &[1]);
}

#[test]
fn a_target_is_told_from_another() {
    let mut gpu = poisoned(Reduction::Broadcast);
    let size = Size::new(20, 20);
    let splats = random_splats(2, 10, 3, size, COMMON);
    let mut moments = Vec::new();
    let mut loss_against = |value: f32| {
        let target = Image::from_planar(size, 3, vec![value; 1200]).unwrap();
        let loss = Loss::default();
        gpu.loss_and_vjp(&splats, &Arc::new(target), &loss, Blend::Additive, &mut moments)
            .unwrap()
            .l2
    };
    // Each is dropped before the next is made, so that allocations may repeat.
    let values: Vec<f64> = (0..8).map(|i| loss_against(10.0 * i as f32)).collect();
    assert!(values.windows(2).all(|pair| pair[1] > pair[0] + 50.0), "{values:?}");
}

#[test]
fn lists_grow_until_they_fit_and_then_nothing_is_made_anew() {
    let size = Size::new(130, 67);
    let splats = random_splats(31, 300, 3, size, COMMON);
    let target = Arc::new(random_image(32, size, 3));
    let mut answers = Vec::new();
    for first_capacity in [None, Some(1), Some(100)] {
        let mut gpu = gpu(GpuOptions { poison: true, first_capacity, ..GpuOptions::default() });
        let mut moments = Vec::new();
        let loss = Loss::default();
        let terms =
            gpu.loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments).unwrap();
        if let Some(first) = first_capacity {
            assert!(gpu.capacity() > first);
        }
        let replacements = gpu.replacements();
        for _ in 0..3 {
            gpu.loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments).unwrap();
        }
        assert_eq!(gpu.replacements(), replacements);
        answers.push((terms, moments));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn geometry_and_colours_may_change_alone() {
    let mut gpu = poisoned(Reduction::Broadcast);
    let size = Size::new(65, 33);
    let mut splats = random_splats(41, 50, 3, size, COMMON);
    for step in 0..4 {
        assert_operations_are_right(&mut gpu, &format!("step {step}"), &splats, size);
        let mut random = Random::new(step);
        match step % 2 {
            0 => splats.color.iter_mut().for_each(|c| *c += random.unit()),
            _ => splats.mean_px.iter_mut().for_each(|[x, _]| *x += random.unit()),
        }
    }
}

#[test]
fn a_borrowed_device_with_default_limits_works() {
    let adapter = software_adapter().unwrap_or_else(|error| panic!("{error}"));
    let descriptor = lgi::wgpu::DeviceDescriptor::default();
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let mut gpu = Gpu::from_device(device.clone(), queue).unwrap();
    assert_eq!(gpu.tuning().reduction, Reduction::Shared, "no subgroups were asked for");
    let size = Size::new(50, 30);
    let splats = random_splats(51, 40, 4, size, COMMON);
    assert_operations_are_right(&mut gpu, "borrowed", &splats, size);

    // A device that its owner destroyed gives errors, not panics.
    device.destroy();
    assert!(matches!(gpu.render(&splats, size), Err(Error::Device(_))));
    assert!(matches!(gpu.vjp(&splats, &Image::zeros(size, 4)), Err(Error::Device(_))));
}

/// A gpu backend with buffers of at most that many bytes.
fn small(largest_buffer_bytes: u64) -> Gpu {
    let largest_buffer_bytes = Some(largest_buffer_bytes);
    gpu(GpuOptions { poison: true, largest_buffer_bytes, ..GpuOptions::default() })
}

/// The results of all operations, the loss against two targets and with both blends.
fn all_results(gpu: &mut Gpu, splats: &Splats, size: Size) -> Vec<(&'static str, Vec<f32>)> {
    let channels = splats.channels;
    let mut results = vec![
        ("render", gpu.render(splats, size).unwrap().data().to_vec()),
        ("vjp", gpu.vjp(splats, &random_image(5, size, channels)).unwrap()),
        ("jvp", gpu.jvp(splats, &random_tangent(6, splats), size).unwrap().data().to_vec()),
    ];
    let loss = Loss { l1: 0.3, l2: 0.7, ssim: 0.0 };
    for (blend, colors) in
        [(Blend::Additive, channels), (Blend::Normalized { epsilon: 0.1 }, channels - 1)]
    {
        let target = random_image(7, size, colors);
        let mut target_8bit = target.clone();
        for value in target_8bit.data_mut() {
            *value = (value.abs() * 255.0).round() / 255.0;
        }
        for target in [target, target_8bit].map(Arc::new) {
            let mut moments = Vec::new();
            // Twice, for the target may be there already.
            for _ in 0..2 {
                let terms = gpu.loss_and_vjp(splats, &target, &loss, blend, &mut moments).unwrap();
                let terms = [terms.l1, terms.l2, terms.mse_8bit].map(|term| term as f32);
                results.push(("terms", terms.to_vec()));
                results.push(("moments", moments.clone()));
            }
        }
    }
    results
}

/// Compares results to 1e-5 of the largest value.
fn assert_same(actual: &[(&'static str, Vec<f32>)], expected: &[(&'static str, Vec<f32>)]) {
    assert_eq!(actual.len(), expected.len());
    for ((what, actual), (_, expected)) in actual.iter().zip(expected) {
        assert_eq!(actual.len(), expected.len(), "{what}");
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        for (i, (a, b)) in actual.iter().zip(expected).enumerate() {
            assert!((a - b).abs() <= 1e-5 * largest, "{what}, value {i}: {a}, not {b}");
        }
    }
}

#[test]
fn pictures_larger_than_the_device_are_those_in_one_go() {
    let size = Size::new(41, 150);
    let splats = random_splats(81, 80, 2, size, COMMON);
    let expected = all_results(&mut poisoned(Reduction::Broadcast), &splats, size);
    // Bands of 48 rows; with a word per pixel of the target, of 80.
    let mut gpu = small(16_000);
    assert_operations_are_right(&mut gpu, "in bands", &splats, size);
    let results = all_results(&mut gpu, &splats, size);
    assert_same(&results, &expected);
    assert_eq!(results, all_results(&mut gpu, &splats, size), "again");
    assert_eq!(results, all_results(&mut small(16_000), &splats, size), "anew");
}

#[test]
fn pictures_with_too_many_pairs_are_split_until_they_fit() {
    // Every splat is on all 16 tiles: 1600 pairs, of which 768 fit.
    let size = Size::new(64, 64);
    let splats = random_splats(82, 100, 2, size, HUGE);
    let expected = all_results(&mut poisoned(Reduction::Broadcast), &splats, size);
    let bytes = 768 * 32;
    let mut gpu = small(bytes);
    let results = all_results(&mut gpu, &splats, size);
    assert_same(&results, &expected);
    assert_eq!(results, all_results(&mut gpu, &splats, size));

    // 800 pairs on a single row of tiles cannot be divided.
    let splats = random_splats(83, 200, 2, size, HUGE);
    let error = gpu.vjp(&splats, &Image::zeros(size, 2)).unwrap_err();
    assert!(matches!(error, Error::Limit { value: 800, limit: 768, .. }), "{error}");
    gpu.render(&splats, size).expect("the device still works");
}

#[test]
fn every_stage_has_its_time() {
    let mut gpu = poisoned(Reduction::Broadcast);
    let stages = [
        "pack",
        "upload",
        "target",
        "device/emit",
        "device/scan",
        "device/place",
        "device/order",
        "device/render",
        "device/tangent",
        "device/backward",
        "device/loss",
        "device/gather",
        "device",
        "readback",
    ];
    assert_profile_is_right(&mut gpu, &stages);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let mut gpu = gpu(GpuOptions { default_limits: true, ..GpuOptions::default() });
    let splats = random_splats(61, 1, 3, Size::new(4, 4), COMMON);
    let limit = |result: lgi::Result<Image>| match result {
        Err(Error::Limit { what, value, limit }) => (what, value, limit),
        other => panic!("{other:?}"),
    };
    let error = limit(gpu.render(&splats, Size::new(100_000, 100_000)));
    assert_eq!(error, ("values of a picture", 30_000_000_000, 0xffff_ffff));
    let error = limit(gpu.render(&splats, Size::new(2_000_000, 20)));
    assert_eq!(error, ("pixels of width", 2_000_000, 1_048_560));
    let error = limit(gpu.render(&splats, Size::new(1_000_000, 20)));
    assert_eq!(error, ("bytes of a row of tiles on this device", 192_000_000, 134_217_728));
    let many = Splats { channels: 6, color: vec![0.0; 6], ..splats.clone() };
    assert_eq!(limit(gpu.render(&many, Size::new(4, 4))), ("channels", 6, 5));
    gpu.render(&splats, Size::new(4, 4)).expect("the device still works");
}
