//! The operations of every backend on the uniform scene, in pixel-Gaussian pairs a second.

#[path = "common/uniform_scene.rs"]
mod uniform_scene;

use std::fmt;

use divan::Bencher;
use divan::counter::ItemsCount;
use lgi::backend::Backend;
use lgi::backend::cpu::{Cpu, SimdLevel};
use lgi::backend::select::{self, DeviceChoice};
use lgi::blend::Blend;
use lgi::loss::Loss;
use uniform_scene::{COUNTS, SIZE, UniformScene};

/// Makes a backend, or nothing where the machine has none.
type Maker = fn() -> Option<Box<dyn Backend>>;

/// The backends that are measured; another one is one more line.
const BACKENDS: [(&str, Maker); 5] = [
    ("gpu", || select::open(&DeviceChoice::Gpu).ok()),
    ("software", || select::open(&DeviceChoice::Software).ok()),
    ("cpu avx512", || cpu(SimdLevel::Avx512)),
    ("cpu avx2", || cpu(SimdLevel::Avx2)),
    ("cpu scalar", || cpu(SimdLevel::Scalar)),
];

fn cpu(level: SimdLevel) -> Option<Box<dyn Backend>> {
    Some(Box::new(Cpu::with_simd(level).ok()?))
}

/// One line of the table.
struct Case {
    name: &'static str,
    make: Maker,
    count: usize,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, N = {}", self.name, self.count)
    }
}

fn cases() -> Vec<Case> {
    let available = BACKENDS.into_iter().filter(|(_, make)| make().is_some());
    available.flat_map(|(name, make)| COUNTS.map(|count| Case { name, make, count })).collect()
}

/// Measures `operation` of the case's backend.
fn measure(
    bencher: Bencher,
    case: &Case,
    mut operation: impl FnMut(&mut dyn Backend, &mut UniformScene),
) {
    let Some(mut backend) = (case.make)() else { return };
    let mut scene = UniformScene::new(case.count);
    // The first call allocates and, on a GPU, compiles.
    operation(&mut *backend, &mut scene);
    let counter = ItemsCount::new(scene.pairs);
    bencher.counter(counter).bench_local(|| operation(&mut *backend, &mut scene));
}

#[divan::bench(args = cases(), max_time = 1)]
fn render(bencher: Bencher, case: &Case) {
    measure(bencher, case, |backend, scene| {
        divan::black_box(backend.render(&scene.splats, SIZE).expect("it renders"));
    });
}

#[divan::bench(args = cases(), max_time = 1)]
fn vjp(bencher: Bencher, case: &Case) {
    measure(bencher, case, |backend, scene| {
        divan::black_box(backend.vjp(&scene.splats, &scene.target).expect("it has moments"));
    });
}

#[divan::bench(args = cases(), max_time = 1)]
fn jvp(bencher: Bencher, case: &Case) {
    measure(bencher, case, |backend, scene| {
        let change = backend.jvp(&scene.splats, &scene.tangent, SIZE);
        divan::black_box(change.expect("it has a derivative"));
    });
}

#[divan::bench(args = cases(), max_time = 1)]
fn iteration(bencher: Bencher, case: &Case) {
    let mut moments = Vec::new();
    measure(bencher, case, |backend, scene| {
        // As in a fit, nothing stays where it was: lists must be made anew.
        scene.splats.mean_px[0][0] += 1e-3;
        let loss = Loss::default();
        let terms = backend.loss_and_vjp(
            &scene.splats,
            &scene.target,
            &loss,
            Blend::Additive,
            &mut moments,
        );
        divan::black_box(terms.expect("it has a loss"));
    });
}

fn main() {
    divan::main();
}
