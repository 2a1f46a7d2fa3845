//! Gradients of random tiles: what must hold of them.

#[path = "common/backend_scenes.rs"]
mod backend_scenes;
#[path = "common/watched_oracle.rs"]
mod watched_oracle;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use backend_scenes::{COMMON, random_image, random_splats};
use lgi::backend::cpu::Cpu;
#[cfg(feature = "gpu")]
use lgi::backend::gpu::{Gpu, software_adapter};
use lgi::backend::oracle::Oracle;
use lgi::backend::{Backend, Splats};
use lgi::blend::Blend;
use lgi::fit::{Checkpoint, FitOptions, Fitter, StopRules};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Region, Size};
use lgi::loss::Loss;
use lgi::optim::{Chances, OptimizerOptions};
use lgi::renderer::{Renderer, Tile};
use watched_oracle::WatchedOracle;

const SIZE: Size = Size::new(50, 37);
const SIDE_PX: usize = 16;
const BLENDS: [Blend; 2] = [Blend::Additive, Blend::NORMALIZED];

fn loss() -> Loss {
    Loss { l1: 0.3, l2: 0.7, ssim: 0.0 }
}

fn scene() -> (Gaussians, Arc<Image>) {
    let splats: Splats = random_splats(3, 40, 3, SIZE, COMMON);
    let mut gaussians = Gaussians::empty(3);
    for index in 0..splats.len() {
        let factor = [1.0 + 0.1 * index as f32, 0.0, 0.3, 1.5];
        gaussians.push(splats.mean_px[index], factor, splats.color_of(index));
    }
    (gaussians, Arc::new(random_image(4, SIZE, 3)))
}

fn tiles(target: &Image) -> Vec<Tile> {
    let tile = |region| Tile { region, target: Arc::new(target.part(region).unwrap()) };
    Region::tiles(SIZE, SIDE_PX).into_iter().map(tile).collect()
}

/// Weighted loss and moments of some tiles, as a fit takes them.
fn of_tiles(
    backend: &mut dyn Backend,
    blend: Blend,
    tiles: &[Tile],
    drawn: &[(usize, f64)],
) -> (f64, Vec<f32>) {
    let (gaussians, target) = scene();
    let mut renderer = Renderer::new(backend, blend, SIZE);
    renderer.set(&gaussians);
    let mut moments = vec![0.0; gaussians.len() * 8];
    let mut sum = 0.0;
    for (index, weight) in drawn {
        let tile = &tiles[*index];
        let weight = weight * tile.target.data().len() as f64 / target.data().len() as f64;
        let terms = renderer.add_tile(tile, &loss(), weight as f32, &mut moments).unwrap();
        sum += weight * terms.total(&loss());
    }
    (sum, moments)
}

/// The same in another way: the whole picture in float64, the gradient image cut out and weighted.
fn by_the_oracle(blend: Blend, tiles: &[Tile], drawn: &[(usize, f64)]) -> Vec<f32> {
    let (gaussians, target) = scene();
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, blend, SIZE);
    renderer.set(&gaussians);
    let picture = renderer.render().unwrap();
    let (_, gradient) = loss().evaluate(&picture, &target).unwrap();
    let mut cut = Image::zeros(SIZE, 3);
    for (index, weight) in drawn {
        let Region { left, top, size } = tiles[*index].region;
        for channel in 0..3 {
            for y in top..top + size.height {
                let row = y * SIZE.width + left..y * SIZE.width + left + size.width;
                let from = &gradient.plane(channel)[row.clone()];
                for (to, from) in cut.plane_mut(channel)[row].iter_mut().zip(from) {
                    *to = (*weight * f64::from(*from)) as f32;
                }
            }
        }
    }
    renderer.vjp(&cut).unwrap()
}

fn assert_near(what: &str, found: &[f32], expected: &[f32]) {
    let largest = expected.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    assert_eq!(found.len(), expected.len());
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 2e-5 * largest, "{what}, number {index}: {a}, not {b}");
    }
}

fn assert_tiles_are_the_oracles(backend: &mut dyn Backend) {
    let (_, target) = scene();
    let tiles = tiles(&target);
    assert_eq!(tiles.len(), 12);
    let all: Vec<_> = (0..12).map(|index| (index, 1.0)).collect();
    for blend in BLENDS {
        for drawn in [&[(0, 1.0)][..], &[(11, 3.0)], &[(2, 1.5), (5, 4.0), (7, 0.5)], &all] {
            let (_, moments) = of_tiles(backend, blend, &tiles, drawn);
            let expected = by_the_oracle(blend, &tiles, drawn);
            assert_near(&format!("{blend:?}, {drawn:?}"), &moments, &expected);
        }
    }
}

#[test]
fn every_subset_is_what_the_oracle_says_of_these_tiles() {
    assert_tiles_are_the_oracles(&mut Cpu::new());
    #[cfg(feature = "gpu")]
    on_the_gpu();
}

#[cfg(feature = "gpu")]
fn on_the_gpu() {
    let adapter = software_adapter().unwrap_or_else(|error| panic!("{error}"));
    assert_tiles_are_the_oracles(&mut Gpu::new(&adapter).unwrap());
}

#[test]
fn the_mean_over_all_batches_is_the_whole_gradient() {
    let (gaussians, target) = scene();
    let tiles = tiles(&target);
    let errors: Vec<f64> = (0..12).map(|tile| 0.2 + f64::from(tile % 5)).collect();
    let order = [3, 9, 0, 11, 5, 7, 1, 8, 2, 10, 4, 6];
    for blend in BLENDS {
        let mut cpu = Cpu::new();
        let mut renderer = Renderer::new(&mut cpu, blend, SIZE);
        renderer.set(&gaussians);
        let mut whole = Vec::new();
        let terms = renderer.loss_and_vjp(&target, &loss(), &mut whole).unwrap();
        for weights in [vec![1.0; 12], errors.clone()] {
            let chances = Chances::new(&weights, 4);
            // Batches change where a running sum of chances passes a whole number and the offset.
            let mut marks = vec![0.0, 1.0];
            let mut sum = 0.0;
            for tile in order {
                sum += chances.values()[tile];
                marks.push(sum - f64::floor(sum));
            }
            marks.sort_by(f64::total_cmp);
            let (mut mean, mut mean_loss) = (vec![0.0; whole.len()], 0.0);
            for ends in marks.windows(2) {
                let share = ends[1] - ends[0];
                let subset = chances.subset(&order, 0.5 * (ends[0] + ends[1]));
                let drawn = subset.into_iter().map(|tile| (tile, 1.0 / chances.values()[tile]));
                let drawn: Vec<_> = drawn.collect();
                let (value, moments) = of_tiles(&mut cpu, blend, &tiles, &drawn);
                mean_loss += share * value;
                for (mean, value) in mean.iter_mut().zip(moments) {
                    *mean += share * f64::from(value);
                }
            }
            let mean: Vec<f32> = mean.into_iter().map(|value| value as f32).collect();
            assert_near(&format!("{blend:?}"), &mean, &whole);
            assert!((mean_loss - terms.total(&loss())).abs() < 1e-6);
        }
    }
}

fn smooth() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for (place, value) in image.plane_mut(channel).iter_mut().enumerate() {
            let (x, y) = ((place % SIZE.width) as f32, (place / SIZE.width) as f32);
            *value = 0.5 + 0.4 * (0.2 * x).sin() * (0.3 * y + channel as f32).cos();
        }
    }
    Arc::new(image)
}

fn options(method: &str, iterations: u64) -> FitOptions {
    let mut optimizer = OptimizerOptions::of(method).unwrap();
    optimizer.set("tile-batches.size", SIDE_PX as f64).unwrap();
    optimizer.set("tile-batches.whole", 5.0).unwrap();
    let stop = StopRules { iterations, ..StopRules::default() };
    FitOptions { gaussians: 20, stop, optimizer, ..FitOptions::default() }
}

#[test]
fn a_pass_counts_as_the_share_of_the_picture_that_was_drawn() {
    for method in ["tile-batches,adam", "tile-batches,sam,adam", "tile-batches,accumulate,adam"] {
        let mut backend = WatchedOracle::default();
        let pixels = Arc::clone(&backend.pixels);
        let mut fitter = Fitter::new(&mut backend, smooth(), options(method, 40)).unwrap();
        pixels.store(0, Ordering::Relaxed);
        let mut steps = 0u32;
        while fitter.step().unwrap().stop.is_none() {
            steps += 1;
        }
        let drawn = pixels.load(Ordering::Relaxed) as f64 / (2 * SIZE.pixels()) as f64;
        let counted = fitter.iteration() as f64;
        // The last evaluation has no step and is not counted, nor is the tile that is under way.
        let last = if method.contains("sam") { 2.0 } else { 1.0 };
        let rest = drawn - counted - last;
        assert!((-0.01..0.5).contains(&rest), "{method}: {drawn} drawn, {counted} counted");
        assert!(f64::from(steps) > 50.0 / last, "{method}: {steps} steps in 40 passes");
    }
}

#[test]
fn a_fit_by_batches_lowers_the_loss_and_its_best_is_of_the_whole_picture() {
    let mut cpu = Cpu::with_threads(1).unwrap();
    let mut fitter = Fitter::new(&mut cpu, smooth(), options("tile-batches,adam", 60)).unwrap();
    let first = fitter.step().unwrap().loss;
    while fitter.step().unwrap().stop.is_none() {}
    let best = fitter.best();
    assert!(best.loss < 0.5 * first, "{first} to {}", best.loss);
    let mut again = Cpu::with_threads(1).unwrap();
    let mut renderer = Renderer::new(&mut again, Blend::Additive, SIZE);
    renderer.set(&best.gaussians);
    let terms = renderer.loss_and_vjp(&smooth(), &Loss::default(), &mut Vec::new()).unwrap();
    assert_eq!(terms.l2, best.loss);
}

#[test]
fn a_fit_by_batches_that_was_stopped_ends_in_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.json");
    let options = options("tile-batches,accumulate,adam", 30);
    let mut cpu = Cpu::with_threads(1).unwrap();
    let mut whole = Fitter::new(&mut cpu, smooth(), options.clone()).unwrap();
    for step in 0.. {
        if step == 23 {
            whole.checkpoint().write(&path).unwrap();
        }
        if whole.step().unwrap().stop.is_some() {
            break;
        }
    }
    let mut cpu = Cpu::with_threads(2).unwrap();
    let read = Checkpoint::read(&path).unwrap();
    let mut rest = Fitter::resume(&mut cpu, smooth(), options.clone(), read).unwrap();
    while rest.step().unwrap().stop.is_none() {}
    assert!(rest.gaussians() == whole.gaussians());
    assert!(rest.best().gaussians == whole.best().gaussians);
    // Another seed draws other tiles.
    let mut cpu = Cpu::with_threads(1).unwrap();
    let other = FitOptions { seed: 1, start: "grid".into(), ..options };
    let same = FitOptions { seed: 2, ..other.clone() };
    let end = |options: FitOptions, cpu: &mut Cpu| {
        let mut fitter = Fitter::new(cpu, smooth(), options).unwrap();
        while fitter.step().unwrap().stop.is_none() {}
        fitter.gaussians().clone()
    };
    assert!(end(other, &mut cpu) != end(same, &mut cpu));
}

#[test]
fn what_looks_over_borders_or_searches_along_lines_is_refused() {
    let mut options = options("tile-batches,adam", 5);
    options.loss = Loss { l1: 0.0, l2: 0.9, ssim: 0.1 };
    let error = options.check().unwrap_err().to_string();
    assert!(error.contains("tile-batches") && error.contains("ssim"), "{error}");
    let error = OptimizerOptions::of("tile-batches,lbfgs").unwrap_err().to_string();
    assert!(error.contains("line search"), "{error}");
}
