//! What share of the machine's peak of fused multiply-adds the native backend reaches.
//!
//! A pixel-Gaussian pair counts 24 operations forward and 35 backward, for three channels: what
//! the formulas need, whatever a kernel spends. Whole calls are timed, with lists and copies.

#[path = "common/uniform_scene.rs"]
mod uniform_scene;

use std::hint::black_box;
use std::time::{Duration, Instant};

use lgi::backend::Backend;
use lgi::backend::cpu::{Cpu, SimdLevel};
use pulp::{Arch, Simd, WithSimd};
use uniform_scene::{COUNTS, SIZE, UniformScene};

const FORWARD_OPERATIONS: f64 = 24.0;
const BACKWARD_OPERATIONS: f64 = 35.0;

/// Independent chains, enough to hide the latency of a multiply-add.
const CHAINS: usize = 12;
const STEPS: usize = 2_000_000;

struct MultiplyAdds;

impl WithSimd for MultiplyAdds {
    /// Operations done, and a value that depends on all of them.
    type Output = (f64, f32);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let factor = simd.splat_f32s(black_box(0.999));
        let summand = simd.splat_f32s(black_box(0.001));
        let mut chains = [simd.splat_f32s(black_box(1.0)); CHAINS];
        for (i, chain) in chains.iter_mut().enumerate() {
            *chain = simd.add_f32s(*chain, simd.splat_f32s(i as f32));
        }
        for _ in 0..STEPS {
            for chain in &mut chains {
                *chain = simd.mul_add_e_f32s(*chain, factor, summand);
            }
        }
        let sum = chains.iter().map(|chain| simd.reduce_sum_f32s(*chain)).sum();
        ((2 * S::F32_LANES * CHAINS * STEPS) as f64, sum)
    }
}

/// Shortest of the times of `operation` within `budget`.
fn shortest(budget: Duration, mut operation: impl FnMut()) -> f64 {
    operation();
    let start = Instant::now();
    let mut shortest = f64::INFINITY;
    while start.elapsed() < budget {
        let call = Instant::now();
        operation();
        shortest = shortest.min(call.elapsed().as_secs_f64());
    }
    shortest
}

/// Operations a second of all threads together.
fn peak() -> f64 {
    let operations = Arch::new().dispatch(MultiplyAdds).0 * rayon::current_num_threads() as f64;
    let seconds = shortest(Duration::from_secs(2), || {
        rayon::broadcast(|_| black_box(Arch::new().dispatch(MultiplyAdds)));
    });
    operations / seconds
}

fn main() {
    let peak = peak();
    let threads = rayon::current_num_threads();
    println!("peak of {threads} threads: {:.1} GFLOP/s", peak / 1e9);
    for level in SimdLevel::ALL {
        let Ok(mut cpu) = Cpu::with_simd(level) else { continue };
        for count in COUNTS {
            let scene = UniformScene::new(count);
            let report = |name: &str, seconds: f64, operations: f64| {
                let pairs = scene.pairs as f64 / seconds;
                println!(
                    "{:<8} N = {count:>5} {name:<6} {:7.3} ms {:7.0} Mpairs/s {:5.1} % of peak",
                    level.name(),
                    seconds * 1e3,
                    pairs / 1e6,
                    100.0 * pairs * operations / peak
                );
            };
            let budget = Duration::from_secs(1);
            let seconds = shortest(budget, || {
                black_box(cpu.render(&scene.splats, SIZE).expect("it renders"));
            });
            report("render", seconds, FORWARD_OPERATIONS);
            let seconds = shortest(budget, || {
                black_box(cpu.vjp(&scene.splats, &scene.target).expect("it has moments"));
            });
            report("vjp", seconds, BACKWARD_OPERATIONS);
        }
    }
}
