//! Density control: what a Gaussian is worth, where a new one helps, and who goes there.

use std::sync::Arc;

use lgi::backend::oracle::Oracle;
use lgi::blend::{Blend, SquaredWeights};
use lgi::density::costs;
use lgi::density::peaks::{self, Peak};
use lgi::density::{DensityOptions, Plan, Scene, revise};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::optim::RowMap;
use lgi::renderer::Renderer;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const SIZE: Size = Size::new(56, 44);

fn draw(gaussians: &Gaussians, blend: Blend, size: Size) -> Image {
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, blend, size);
    renderer.set(gaussians);
    renderer.render().unwrap()
}

fn color(channels: usize) -> &'static [f32] {
    &[0.4, -0.3, 0.5, 0.2][..channels]
}

/// A residual that is one round Gaussian.
fn planted(mean_px: [f32; 2], sigma: f32, channels: usize) -> Image {
    let gaussian = Gaussians::new(
        channels,
        vec![mean_px],
        vec![[sigma, 0.0, 0.0, sigma]],
        color(channels).to_vec(),
    );
    draw(&gaussian.unwrap(), Blend::Additive, Size::new(96, 80))
}

fn half_square(image: &Image) -> f32 {
    0.5 * image.data().iter().map(|v| v * v).sum::<f32>()
}

/// Noise that is the same on every machine.
fn noise(size: Size, channels: usize) -> Image {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(4);
    let mut image = Image::zeros(size, channels);
    image.data_mut().iter_mut().for_each(|v| *v = random.random_range(-0.3..0.3));
    image
}

#[test]
fn what_is_missing_is_found_at_its_place_and_scale() {
    for channels in [1, 3, 4] {
        for sigma in [0.8, 1.0, 1.5, 2.7, 3.5, 5.0, 8.0] {
            for mean_px in [[47.5, 40.5], [41.3, 37.8]] {
                let residual = planted(mean_px, sigma, channels);
                let found = peaks::find(&residual, 1, 16.0);
                let Peak { gain, mean_px: [x, y], sigma_px } = found[0];
                let what = format!("sigma {sigma} at {mean_px:?}, {channels} channels: {found:?}");
                assert!((x - mean_px[0]).hypot(y - mean_px[1]) < 0.6 * sigma.max(1.2), "{what}");
                assert!((sigma_px / sigma).ln().abs() < 0.4, "{what}");
                let all = half_square(&residual);
                assert!(gain > 0.75 * all && gain < 1.15 * all, "{what}: {all}");
            }
        }
    }
}

#[test]
fn what_is_missing_at_the_border_is_found_there() {
    for sigma in [1.2, 2.7, 4.0] {
        for mean_px in [[1.0, 1.5], [95.0, 40.0], [50.0, 79.0], [0.0, 80.0]] {
            let residual = planted(mean_px, sigma, 3);
            let found = peaks::find(&residual, 1, 16.0);
            let Peak { mean_px: [x, y], .. } = found[0];
            // Half of it lies outside: what is there is best met from a little further inside.
            let distance = (x - mean_px[0]).hypot(y - mean_px[1]);
            assert!(distance < 1.5 * sigma, "sigma {sigma} at {mean_px:?}: {found:?}");
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_missing_and_never_more_than_asked_for() {
    assert!(peaks::find(&Image::zeros(SIZE, 3), 10, 16.0).is_empty());
    assert!(peaks::find(&noise(SIZE, 3), 0, 16.0).is_empty());
    for count in [1, 2, 7, 40] {
        let found = peaks::find(&noise(SIZE, 3), count, 16.0);
        assert_eq!(found.len(), count);
        assert!(found.windows(2).all(|pair| pair[0].gain >= pair[1].gain), "best first");
    }
    for size in [Size::new(1, 1), Size::new(3, 2), Size::new(1, 9)] {
        for largest in [0.0, 1.0, 1e9] {
            let found = peaks::find(&noise(size, 1), 5, largest);
            let inside = |p: &Peak| {
                p.mean_px[0] < size.width as f32 + 1.0 && p.mean_px[1] < size.height as f32 + 1.0
            };
            assert!((1..=5).contains(&found.len()) && found.iter().all(inside), "{size}");
        }
    }
}

#[test]
fn threads_change_nothing() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let residual = noise(Size::new(130, 70), 3);
            let before = some_gaussians(3, 20);
            let mut gaussians = before.clone();
            let costs: Vec<f32> = (0..20).map(|i| 0.01 * i as f32).collect();
            let scene = Scene { gaussians: &before, residual: &residual, normalized: None };
            let plan = Plan { add: 9, relocate: 9, split_trust: 0.25, ..PLAN };
            let rows = revise(&mut gaussians, None, &scene, &costs, &plan);
            (peaks::find(&residual, 50, 16.0), gaussians, rows)
        })
    };
    assert_eq!(run(1), run(2));
}

/// Gaussians of 1.5 to 4 px that lie inside the picture with all of their support.
fn some_gaussians(channels: usize, count: usize) -> Gaussians {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut gaussians = Gaussians::empty(channels);
    for _ in 0..count {
        let mean_px = [random.random_range(15.0..41.0), random.random_range(15.0..29.0)];
        let (sine, cosine) = random.random_range(0.0..3.0_f32).sin_cos();
        let (a, b) = (random.random_range(1.5..4.0), random.random_range(1.5..4.0));
        let color: Vec<f32> = (0..channels).map(|_| random.random_range(-0.5..0.8)).collect();
        gaussians.push(mean_px, [cosine * a, -sine * b, sine * a, cosine * b], &color);
    }
    gaussians
}

/// Half the sum of squared differences.
fn half_error(gaussians: &Gaussians, blend: Blend, target: &Image) -> f64 {
    let drawn = draw(gaussians, blend, target.size());
    let pairs = drawn.data().iter().zip(target.data());
    0.5 * pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
}

/// The scene of `gaussians` against a target.
fn with_scene<T>(
    gaussians: &Gaussians,
    blend: Blend,
    target: &Image,
    each: impl FnOnce(&Scene<'_>, Option<SquaredWeights>) -> T,
) -> T {
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, blend, target.size());
    renderer.set(gaussians);
    let mut residual = renderer.render().unwrap();
    residual.data_mut().iter_mut().zip(target.data()).for_each(|(v, wanted)| *v -= wanted);
    let squares = renderer.squared_weights().unwrap();
    let normalized = renderer.normalized();
    each(&Scene { gaussians, residual: &residual, normalized }, squares)
}

/// Half the squared error with the best colour of one Gaussian, all else as it is, by Newton's
/// method on a parabola.
fn best_error(gaussians: &Gaussians, index: usize, blend: Blend, target: &Image) -> f64 {
    let mut best = gaussians.clone();
    for channel in 0..gaussians.channels() {
        let mut error_at = |change: f32| {
            let mut moved = best.clone();
            moved.color_of_mut(index)[channel] += change;
            half_error(&moved, blend, target)
        };
        let [low, middle, high] = [-0.5, 0.0, 0.5].map(&mut error_at);
        let bend = low - 2.0 * middle + high;
        let change = if bend > 0.0 { 0.25 * (low - high) / bend } else { 0.0 };
        best.color_of_mut(index)[channel] += change as f32;
    }
    half_error(&best, blend, target)
}

#[test]
fn the_cost_of_removal_is_what_the_picture_loses() {
    for blend in BLENDS {
        for channels in [1, 3, 4] {
            let target = picture(SIZE, channels);
            let gaussians = some_gaussians(channels, 12);
            let costs = with_scene(&gaussians, blend, &target, |scene, _| costs::removal(scene));
            for (index, cost) in costs.into_iter().enumerate() {
                let mut rest = gaussians.clone();
                let keep: Vec<bool> = (0..gaussians.len()).map(|other| other != index).collect();
                rest.retain(&keep);
                let kept = best_error(&gaussians, index, blend, &target);
                let rise = half_error(&rest, blend, &target) - kept;
                let close = (f64::from(cost) - rise).abs() < 2e-3 * kept.max(rise);
                assert!(close, "{blend:?}, {channels} channels, {index}: {cost}, truly {rise}");
            }
        }
    }
}

/// Slopes and a disc.
fn picture(size: Size, channels: usize) -> Arc<Image> {
    let mut image = Image::zeros(size, channels);
    for channel in 0..channels {
        for y in 0..size.height {
            for x in 0..size.width {
                let inside = f32::hypot(x as f32 - 21.0, y as f32 - 17.0) < 9.5;
                let wave = 0.1 * (0.7 * x as f32).sin() * (0.5 * y as f32).cos();
                let slope = 0.2 + 0.01 * x as f32 + wave;
                image.plane_mut(channel)[y * size.width + x] =
                    if inside { 0.9 - 0.2 * channel as f32 } else { slope };
            }
        }
    }
    Arc::new(image)
}

/// The scene of a revision of `gaussians`, and what is done to them.
fn revised(
    gaussians: &Gaussians,
    blend: Blend,
    plan: &Plan,
    costs: impl Fn(usize) -> f32,
) -> (Gaussians, Option<SquaredWeights>, Option<SquaredWeights>, RowMap) {
    let target = picture(SIZE, gaussians.channels());
    with_scene(gaussians, blend, &target, |scene, before| {
        let mut squares = before.clone();
        let costs: Vec<f32> = (0..gaussians.len()).map(costs).collect();
        let mut after = gaussians.clone();
        let rows = revise(&mut after, squares.as_mut(), scene, &costs, plan);
        (after, before, squares, rows)
    })
}

const PLAN: Plan<'static> = Plan {
    add: 0,
    relocate: 0,
    eagerness: 4.0,
    split_trust: 0.0,
    largest_sigma_px: 8.0,
    lifecycle: None,
    progress: 0.5,
};

const BLENDS: [Blend; 2] = [Blend::Additive, Blend::NORMALIZED];

#[test]
fn as_many_are_added_as_are_asked_for_and_they_help() {
    for blend in BLENDS {
        for channels in [1, 3, 4] {
            let target = picture(SIZE, channels);
            let gaussians = some_gaussians(channels, 12);
            let before = half_error(&gaussians, blend, &target);
            let plan = Plan { add: 6, ..PLAN };
            let (after, _, squares, rows) = revised(&gaussians, blend, &plan, |_| 0.0);
            after.check().unwrap();
            assert_eq!((after.len(), rows.before(), rows.after()), (18, 12, 18));
            assert_eq!(after.mean_px[..12], gaussians.mean_px);
            assert_eq!(after.factor_px[..12], gaussians.factor_px);
            assert_eq!(after.color[..12 * channels], gaussians.color);
            let expected: Vec<Option<u32>> = (0..18).map(|i| (i < 12).then_some(i)).collect();
            assert_eq!(rows.sources(), expected);
            let rise = half_error(&after, blend, &target) - before;
            assert!(rise < -0.1 * before, "{blend:?}, {channels} channels: {before}, {rise}");
            if let Some(squares) = squares {
                assert_eq!((squares.mass.len(), squares.energy.len()), (18, 18));
                assert_eq!(squares.contrast.len(), 18 * channels);
            }
        }
    }
}

/// Twelve Gaussians that do not touch, of which some are black, on a black picture that has
/// `faint` ones between them.
fn islands(black: &[usize], faint: usize) -> (Gaussians, Image) {
    let place = |index: usize, shift: f32| {
        [8.0 + shift + 13.0 * (index % 4) as f32, 8.0 + shift + 13.0 * (index / 4) as f32]
    };
    let round = [1.5, 0.0, 0.0, 1.5];
    let mut gaussians = Gaussians::empty(3);
    for index in 0..12 {
        let color = if black.contains(&index) { [0.0; 3] } else { [0.5, 0.9, 0.4] };
        gaussians.push(place(index, 0.0), round, &color);
    }
    let mut wanted = gaussians.clone();
    for index in 0..faint {
        wanted.push(place(index, 6.5), round, &[0.15, 0.1, 0.12]);
    }
    let target = draw(&wanted, Blend::Additive, SIZE);
    (gaussians, target)
}

#[test]
fn gaussians_are_relocated_only_where_it_pays_and_all_others_stay() {
    let black = [0, 6, 11];
    for (faint, relocate, moves) in [(8, 5, 3), (8, 2, 2), (0, 5, 0)] {
        let (gaussians, target) = islands(&black, faint);
        let mut after = gaussians.clone();
        let plan = Plan { relocate, ..PLAN };
        let rows = with_scene(&gaussians, Blend::Additive, &target, |scene, _| {
            revise(&mut after, None, scene, &costs::removal(scene), &plan)
        });
        after.check().unwrap();
        let kept: Vec<usize> =
            rows.sources().iter().flatten().map(|source| *source as usize).collect();
        let gone = (0..12).filter(|index| !kept.contains(index));
        assert!(gone.clone().all(|index| black.contains(&index)), "{faint}: {rows:?}");
        let moved = rows.sources().iter().filter(|source| source.is_none()).count();
        assert_eq!(moved, moves, "{faint} places, at most {relocate}: {rows:?}");
        for (row, source) in rows.sources().iter().enumerate() {
            let Some(source) = source.map(|source| source as usize) else { continue };
            assert_eq!(after.mean_px[row], gaussians.mean_px[source]);
            assert_eq!(after.factor_px[row], gaussians.factor_px[source]);
            assert_eq!(after.color_of(row), gaussians.color_of(source));
        }
        let [before, now] =
            [&gaussians, &after].map(|some| half_error(some, Blend::Additive, &target));
        assert!(if moves > 0 { now < before } else { now == before }, "{before}, now {now}");
    }
}

#[test]
fn gaussians_that_draw_nothing_are_dropped_where_there_is_nothing_to_draw() {
    let (gaussians, target) = islands(&[1, 6, 11], 0);
    let mut after = gaussians.clone();
    let rows = with_scene(&gaussians, Blend::Additive, &target, |scene, _| {
        revise(&mut after, None, scene, &costs::removal(scene), &Plan { relocate: 2, ..PLAN })
    });
    assert_eq!((after.len(), rows.after()), (10, 10), "no more than may be relocated");
}

#[test]
fn near_twins_become_one_to_fill_another_place() {
    for blend in BLENDS {
        let (mut gaussians, _) = islands(&[], 0);
        // One in two, a little apart.
        let [x, y] = gaussians.mean_px[5];
        gaussians.mean_px[5] = [x - 0.3, y];
        gaussians.push([x + 0.3, y], gaussians.factor_px[5], &[0.4, 0.6, 0.5]);
        let mut wanted = gaussians.clone();
        wanted.push([14.0, 14.0], [1.5, 0.0, 0.0, 1.5], &[0.4, 0.4, 0.4]);
        let target = draw(&wanted, blend, SIZE);
        let mut after = gaussians.clone();
        let plan = Plan { relocate: 1, eagerness: 1.0, ..PLAN };
        with_scene(&gaussians, blend, &target, |scene, _| {
            revise(&mut after, None, scene, &costs::removal(scene), &plan)
        });
        let near = |at: [f32; 2]| {
            let distances = after.mean_px.iter().map(|[x, y]| (x - at[0]).hypot(y - at[1]));
            distances.filter(|distance| *distance < 1.0).count()
        };
        assert_eq!((after.len(), near([x, y]), near([14.0, 14.0])), (13, 1, 1), "{blend:?}");
        let now = half_error(&after, blend, &target);
        assert!(now < 0.2 * half_error(&gaussians, blend, &target), "{blend:?}: {now}");
    }
}

#[test]
fn one_that_two_would_draw_better_is_split() {
    for blend in BLENDS {
        let mut gaussians = Gaussians::empty(3);
        gaussians.push([28.0, 22.0], [5.0, 0.0, 0.0, 2.0], &[0.5, 0.5, 0.5]);
        let mut wanted = Gaussians::empty(3);
        wanted.push([25.0, 22.0], [4.0, 0.0, 0.0, 2.0], &[0.9, 0.2, 0.3]);
        wanted.push([31.0, 22.0], [4.0, 0.0, 0.0, 2.0], &[0.2, 0.3, 0.9]);
        let target = draw(&wanted, blend, SIZE);
        let mut after = gaussians.clone();
        let plan = Plan { add: 1, split_trust: 10.0, ..PLAN };
        let rows = with_scene(&gaussians, blend, &target, |scene, _| {
            revise(&mut after, None, scene, &costs::removal(scene), &plan)
        });
        assert_eq!(rows.sources(), [None, None], "both are new");
        let now = half_error(&after, blend, &target);
        assert!(now < 0.02 * half_error(&gaussians, blend, &target), "{blend:?}: {now}");
    }
}

#[test]
fn growth_reaches_the_number_and_never_passes_it() {
    for every in [1, 4, 7, u64::MAX] {
        for count in [0, 1, 2, 7, 50, 1000] {
            let density = DensityOptions {
                start: 0.3,
                every,
                grow_until: 0.5,
                relocate_until: 0.6,
                relocate: 0.15,
                eagerness: 4.0,
                ..DensityOptions::FIXED
            };
            density.check().unwrap();
            let mut have = density.first(count, 100);
            assert!(have <= count && (have > 0 || count == 0));
            let mut last = 0;
            for iteration in 0..=100 {
                if density.is_due(iteration, last, 100) {
                    have += density.to_add(have, count, iteration, 100);
                    last = iteration;
                    assert!(density.to_relocate(have, iteration, 100) <= have);
                }
                assert!(have <= count, "{have} of {count}");
            }
            assert_eq!(have, count, "every {every}");
        }
    }
    assert_eq!(DensityOptions::FIXED.first(17, 100), 17);
    assert!(!DensityOptions::FIXED.is_due(50, 0, 100));
    let never = DensityOptions { every: u64::MAX, ..lgi::fit::recipe::density(100) };
    assert!(!never.is_due(50, 10, 100));
    assert_eq!(never.to_add(3, 5, 50, 100), 2);
}

#[test]
fn shares_outside_their_domain_are_named() {
    type Break = fn(&mut DensityOptions);
    let wrong: [(&str, Break); 6] = [
        ("start", |d| d.start = 1.5),
        ("grow_until", |d| d.grow_until = -0.1),
        ("relocate_until", |d| d.relocate_until = f32::NAN),
        ("relocate", |d| d.relocate = 2.0),
        ("eagerness", |d| d.eagerness = f32::INFINITY),
        ("split_trust", |d| d.split_trust = -0.5),
    ];
    for (word, break_it) in wrong {
        let mut density = lgi::fit::recipe::density(100);
        density.check().unwrap();
        break_it(&mut density);
        let message = density.check().unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}
