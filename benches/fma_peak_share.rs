//! What share of the machine's peak of fused multiply-adds the native backend reaches.
//!
//! A pixel-Gaussian pair counts 24 operations forward and 35 backward, for three channels: what
//! the formulas need, whatever a kernel spends. Whole calls are timed, with lists and copies, in
//! turns with the peak, so that other programs disturb both alike.

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
const STEPS: usize = 100_000;

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

/// Seconds that `operation` takes.
fn seconds(operation: impl FnOnce()) -> f64 {
    let start = Instant::now();
    operation();
    start.elapsed().as_secs_f64()
}

/// Shortest times of a scene.
struct Times {
    /// [`MultiplyAdds`] on all threads at once.
    peak: f64,
    render: f64,
    vjp: f64,
}

fn measure(cpu: &mut Cpu, scene: &UniformScene) -> Times {
    let mut times = Times { peak: f64::INFINITY, render: f64::INFINITY, vjp: f64::INFINITY };
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        times.peak = times.peak.min(seconds(|| {
            rayon::broadcast(|_| black_box(Arch::new().dispatch(MultiplyAdds)));
        }));
        times.render = times.render.min(seconds(|| {
            black_box(cpu.render(&scene.splats, SIZE).expect("it renders"));
        }));
        times.vjp = times.vjp.min(seconds(|| {
            black_box(cpu.vjp(&scene.splats, &scene.target).expect("it has moments"));
        }));
    }
    times
}

fn main() {
    let threads = rayon::current_num_threads();
    let operations = Arch::new().dispatch(MultiplyAdds).0 * threads as f64;
    println!("{threads} threads");
    for level in SimdLevel::ALL {
        let Ok(mut cpu) = Cpu::with_simd(level) else { continue };
        for count in COUNTS {
            let scene = UniformScene::new(count);
            let times = measure(&mut cpu, &scene);
            let peak = operations / times.peak;
            println!("{}, N = {count}: peak {:.1} GFLOP/s", level.name(), peak / 1e9);
            for (name, seconds, operations) in [
                ("render", times.render, FORWARD_OPERATIONS),
                ("vjp", times.vjp, BACKWARD_OPERATIONS),
            ] {
                let pairs = scene.pairs as f64 / seconds;
                println!(
                    "  {name:<6} {:7.3} ms {:6.0} Mpairs/s {:5.1} % of peak",
                    seconds * 1e3,
                    pairs / 1e6,
                    100.0 * pairs * operations / peak
                );
            }
        }
    }
}
