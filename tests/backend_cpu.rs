//! The native backend gives the oracle's answers, the same ones every time.

#[path = "common/backend_scenes.rs"]
mod backend_scenes;

use std::sync::Arc;

use backend_scenes::*;
use lgi::Error;
use lgi::backend::cpu::{Cpu, SimdLevel};
use lgi::backend::{Backend, Splats};
use lgi::blend::Blend;
use lgi::image::{Image, Size};
use lgi::loss::Loss;

const SIZES: [Size; 4] = [Size::new(1, 1), Size::new(7, 5), Size::new(65, 33), Size::new(130, 67)];

fn assert_all_operations_are_right(what: &str, cpu: &mut Cpu, splats: &Splats, size: Size) {
    let picture = cpu.render(splats, size).unwrap();
    assert_picture_is_right(&format!("{what}, render"), &picture, splats, size, RELATIVE_TOLERANCE);
    let gradient = random_image(3, size, splats.channels);
    let moments = cpu.vjp(splats, &gradient).unwrap();
    let name = format!("{what}, vjp");
    assert_moments_are_right(&name, &moments, splats, &gradient, RELATIVE_TOLERANCE);
    let tangent = random_tangent(4, splats);
    let change = cpu.jvp(splats, &tangent, size).unwrap();
    let name = format!("{what}, jvp");
    assert_jvp_is_right(&name, &change, splats, &tangent, size, RELATIVE_TOLERANCE);
}

#[test]
fn every_number_of_channels_gives_the_oracles_answer() {
    let mut cpu = Cpu::new();
    for channels in 1..=5 {
        let size = Size::new(65, 33);
        let splats = random_splats(channels as u64, 60, channels, size, COMMON);
        assert_all_operations_are_right(&format!("{channels} channels"), &mut cpu, &splats, size);
    }
}

#[test]
fn every_size_and_number_of_splats_gives_the_oracles_answer() {
    let mut cpu = Cpu::new();
    for size in SIZES {
        for count in [0, 1, 300] {
            let splats = random_splats(17, count, 3, size, COMMON);
            assert_all_operations_are_right(
                &format!("{size}, N = {count}"),
                &mut cpu,
                &splats,
                size,
            );
        }
    }
}

#[test]
fn tiny_and_huge_splats_give_the_oracles_answer() {
    let mut cpu = Cpu::new();
    for size in SIZES {
        for (name, sigmas) in [("tiny", TINY), ("huge", HUGE)] {
            let splats = random_splats(23, 40, 3, size, sigmas);
            assert_all_operations_are_right(&format!("{name} on {size}"), &mut cpu, &splats, size);
        }
    }
}

#[test]
fn tall_splats_that_are_cut_into_pieces_give_the_oracles_answer() {
    let size = Size::new(40, 301);
    let splats = random_splats(5, 30, 3, size, Sigmas { min_px: 10.0, max_px: 200.0 });
    assert_all_operations_are_right("tall", &mut Cpu::new(), &splats, size);
}

#[test]
fn every_level_of_vector_instructions_gives_the_oracles_answer() {
    let size = Size::new(130, 67);
    let splats = random_splats(29, 100, 3, size, COMMON);
    for level in SimdLevel::ALL {
        match Cpu::with_simd(level) {
            Ok(mut cpu) => {
                assert_eq!(cpu.simd_level(), level);
                assert_all_operations_are_right(level.name(), &mut cpu, &splats, size);
            }
            Err(error) => {
                assert!(!level.is_available());
                assert!(matches!(error, Error::Device(_)), "{error}");
            }
        }
    }
}

#[test]
fn splats_off_the_picture_leave_it_black_and_have_no_gradient() {
    let size = Size::new(65, 33);
    let mut splats = random_splats(31, 40, 3, size, COMMON);
    for (i, mean) in splats.mean_px.iter_mut().enumerate() {
        *mean = [[-1e4, 5.0], [1e9, 5.0], [5.0, -1e4], [5.0, 1e9]][i % 4];
    }
    let mut cpu = Cpu::new();
    assert!(cpu.render(&splats, size).unwrap().data().iter().all(|v| *v == 0.0));
    let moments = cpu.vjp(&splats, &random_image(1, size, 3)).unwrap();
    assert!(moments.iter().all(|v| *v == 0.0));
}

#[test]
fn broken_splats_neither_panic_nor_hide_the_good_ones() {
    let size = Size::new(65, 33);
    let good = random_splats(37, 20, 3, size, COMMON);
    let mut splats = good.clone();
    let strange =
        [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, 0.0, -1.0];
    for &first in &strange {
        for &second in &strange {
            for conic in [[first, 0.0, second], [1.0, first, second], [first, second, 1.0]] {
                splats.mean_px.push([20.0, 10.0]);
                splats.conic.push(conic);
                splats.reach_px.push([second, first]);
                splats.color.extend([0.0; 3]);
            }
            splats.mean_px.push([first, second]);
            splats.conic.push([0.1, 0.0, 0.1]);
            splats.reach_px.push([10.0, 10.0]);
            splats.color.extend([0.0; 3]);
        }
    }
    let mut cpu = Cpu::new();
    let picture = cpu.render(&splats, size).unwrap();
    assert_picture_is_right("good ones", &picture, &good, size, RELATIVE_TOLERANCE);
    let gradient = random_image(1, size, 3);
    let moments = cpu.vjp(&splats, &gradient).unwrap();
    let good_moments = &moments[..good.len() * good.moments_per_splat()];
    assert_moments_are_right("good ones", good_moments, &good, &gradient, RELATIVE_TOLERANCE);
    cpu.jvp(&splats, &random_tangent(2, &splats), size).unwrap();
    let color = splats.color.len() - 3;
    splats.color[color..].fill(f32::NAN);
    cpu.render(&splats, size).unwrap();
}

#[test]
fn jvp_and_vjp_are_adjoint() {
    let size = Size::new(130, 67);
    let mut cpu = Cpu::new();
    for channels in 1..=5 {
        let splats = random_splats(41, 200, channels, size, COMMON);
        let gradient = random_image(5, size, channels);
        let tangent = random_tangent(6, &splats);
        let dot = |a: &[f32], b: &[f32]| -> (f64, f64) {
            a.iter().zip(b).fold((0.0, 0.0), |(sum, mass), (a, b)| {
                let product = f64::from(*a) * f64::from(*b);
                (sum + product, mass + product.abs())
            })
        };
        let change = cpu.jvp(&splats, &tangent, size).unwrap();
        let moments = cpu.vjp(&splats, &gradient).unwrap();
        let (left, left_mass) = dot(change.data(), gradient.data());
        let (right, right_mass) = dot(&moments, &tangent);
        let error = (left - right).abs() / left_mass.max(right_mass);
        assert!(error < 1e-6, "{channels} channels: {left} and {right}, {error:.1e} apart");
    }
}

#[test]
fn the_fused_loss_is_the_loss_of_the_picture() {
    let mut cpu = Cpu::new();
    for size in SIZES {
        for (l1, l2, ssim) in [(0.0, 1.0, 0.0), (0.7, 0.3, 0.0), (1.0, 0.0, 0.0)] {
            let splats = random_splats(43, 80, 3, size, COMMON);
            let target = Arc::new(random_image(7, size, 3));
            let loss = Loss { l1, l2, ssim };
            let mut moments = vec![f32::NAN; 3];
            let terms =
                cpu.loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments).unwrap();
            let picture = cpu.render(&splats, size).unwrap();
            let (expected, gradient) = loss.evaluate(&picture, &target).unwrap();
            assert_eq!(moments, cpu.vjp(&splats, &gradient).unwrap(), "{size}, {loss:?}");
            assert_eq!(terms.mse_8bit, expected.mse_8bit, "{size}, {loss:?}");
            for (term, expected) in [(terms.l1, expected.l1), (terms.l2, expected.l2)] {
                let error = (term - expected).abs() / expected;
                assert!(error < 1e-6, "{size}, {loss:?}: {term}, not {expected}");
            }
        }
    }
}

#[test]
fn the_fused_loss_of_every_blend_is_the_oracles() {
    for level in SimdLevel::ALL.into_iter().filter(|level| level.is_available()) {
        assert_losses_are_right(&mut Cpu::with_simd(level).unwrap(), &[1, 3, 4]);
    }
}

#[test]
fn results_are_the_same_bits_every_time_and_for_any_number_of_threads() {
    let size = Size::new(130, 267);
    let splats = random_splats(47, 300, 3, size, Sigmas { min_px: 0.5, max_px: 90.0 });
    let target = Arc::new(random_image(9, size, 3));
    let tangent = random_tangent(10, &splats);
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let run = |cpu: &mut Cpu| {
        let mut moments = Vec::new();
        let loss = Loss { l1: 0.5, l2: 0.5, ssim: 0.0 };
        let terms =
            cpu.loss_and_vjp(&splats, &target, &loss, Blend::Additive, &mut moments).unwrap();
        (
            bits(cpu.render(&splats, size).unwrap().data()),
            bits(cpu.jvp(&splats, &tangent, size).unwrap().data()),
            bits(&cpu.vjp(&splats, &target).unwrap()),
            bits(&moments),
            [terms.l1, terms.l2, terms.mse_8bit].map(f64::to_bits),
        )
    };
    let mut one = Cpu::with_threads(1).unwrap();
    let mut two = Cpu::with_threads(2).unwrap();
    let expected = run(&mut one);
    assert!(expected == run(&mut one), "one thread, again");
    assert!(expected == run(&mut two), "two threads");
    assert!(expected == run(&mut two), "two threads, again");
    assert!(expected == run(&mut Cpu::new()), "the global threads");
}

#[test]
fn memory_of_a_large_picture_does_not_leak_into_a_small_one() {
    let mut cpu = Cpu::new();
    for (size, channels) in [(SIZES[3], 4), (SIZES[1], 1), (SIZES[2], 5), (SIZES[0], 3)] {
        let splats = random_splats(53, 50, channels, size, COMMON);
        assert_all_operations_are_right(&format!("{size}"), &mut cpu, &splats, size);
    }
}

#[test]
fn every_stage_has_its_time() {
    assert_profile_is_right(&mut Cpu::new(), &["lists", "draw", "moments", "copy"]);
}

#[test]
fn what_does_not_fit_together_is_an_error() {
    let size = Size::new(7, 5);
    let splats = random_splats(1, 3, 3, size, COMMON);
    let mut cpu = Cpu::new();
    let is_invalid = |error: Error| assert!(matches!(error, Error::Invalid(_)), "{error}");
    is_invalid(cpu.vjp(&splats, &Image::zeros(size, 4)).unwrap_err());
    is_invalid(cpu.jvp(&splats, &[0.0; 7], size).unwrap_err());
    let target = Arc::new(Image::zeros(size, 1));
    let error =
        cpu.loss_and_vjp(&splats, &target, &Loss::default(), Blend::Additive, &mut Vec::new());
    is_invalid(error.unwrap_err());
    let mut shorter = splats.clone();
    shorter.conic.pop();
    is_invalid(cpu.render(&shorter, size).unwrap_err());
    let many = random_splats(1, 3, 6, size, COMMON);
    assert!(matches!(cpu.render(&many, size).unwrap_err(), Error::Limit { .. }));
}

#[test]
fn an_empty_picture_is_no_special_case() {
    let splats = random_splats(1, 3, 3, Size::new(7, 5), HUGE);
    let mut cpu = Cpu::new();
    for size in [Size::new(0, 0), Size::new(0, 5), Size::new(5, 0)] {
        assert!(cpu.render(&splats, size).unwrap().data().is_empty());
        let moments = cpu.vjp(&splats, &Image::zeros(size, 3)).unwrap();
        assert!(moments.iter().all(|v| *v == 0.0));
    }
}
