//! Initialisers on every kind of picture, and the least-squares colours against a direct solve.

use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::init::{self, ALL, ColorStart, solve_colors};
use lgi::renderer::Renderer;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn generator(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// A picture from a function of channel and pixel centre.
fn picture(size: Size, channels: usize, value: impl Fn(usize, f32, f32) -> f32) -> Image {
    let mut image = Image::zeros(size, channels);
    for channel in 0..channels {
        for (pixel, out) in image.plane_mut(channel).iter_mut().enumerate() {
            let (x, y) = (pixel % size.width, pixel / size.width);
            *out = value(channel, x as f32 + 0.5, y as f32 + 0.5);
        }
    }
    image
}

/// Dark left of the diagonal, bright right of it.
fn diagonal_edge(size: Size, channels: usize) -> Image {
    picture(size, channels, |_, x, y| if x > y { 0.9 } else { 0.1 })
}

#[test]
fn any_picture_and_any_count_give_valid_gaussians_on_the_picture() {
    let sizes = [(1, 1), (1, 300), (300, 1), (2, 3), (37, 21), (64, 64)];
    for (width, height) in sizes {
        let size = Size::new(width, height);
        for channels in [1, 3, 4] {
            let mut broken = diagonal_edge(size, channels);
            broken.data_mut()[0] = f32::NAN;
            let pictures = [
                Image::zeros(size, channels),
                picture(size, channels, |_, _, _| 1.0),
                diagonal_edge(size, channels),
                broken,
            ];
            for target in &pictures {
                for count in [0, 1, 2, 7, 1000] {
                    for initializer in ALL {
                        let case = format!("{} {size} x{channels}, {count}", initializer.name());
                        let gaussians =
                            initializer.place(target, count, &mut generator(1)).unwrap();
                        gaussians.check().unwrap_or_else(|error| panic!("{case}: {error}"));
                        assert_eq!(gaussians.len(), count, "{case}");
                        assert_eq!(gaussians.channels(), channels, "{case}");
                        for (index, [x, y]) in gaussians.mean_px.iter().enumerate() {
                            let inside = (0.0..=width as f32).contains(x)
                                && (0.0..=height as f32).contains(y);
                            assert!(inside, "{case}: {x} {y}");
                            let [largest, smallest] = gaussians.sigmas_px(index);
                            let edge = width.max(height) as f32;
                            assert!(
                                smallest > 0.349 && largest <= (2.0 * edge).max(2.0),
                                "{case}: {largest} {smallest}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_picture_without_pixels_is_an_error_unless_nothing_is_asked_for() {
    for initializer in ALL {
        for size in [Size::new(0, 0), Size::new(0, 5), Size::new(5, 0)] {
            let target = Image::zeros(size, 3);
            assert!(initializer.place(&target, 0, &mut generator(1)).unwrap().is_empty());
            assert!(initializer.place(&target, 1, &mut generator(1)).is_err());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_gaussians_on_any_number_of_threads() {
    let target = diagonal_edge(Size::new(120, 80), 3);
    for initializer in ALL {
        let place = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| initializer.place(&target, 500, &mut generator(7)).unwrap())
        };
        assert_eq!(place(1), place(3), "{}", initializer.name());
    }
}

#[test]
fn detail_draws_gaussians_and_flat_regions_get_larger_ones() {
    // Stripes in the left quarter, nothing elsewhere.
    let target =
        picture(Size::new(128, 64), 3, |_, x, _| if x < 32.0 { x % 4.0 / 4.0 } else { 0.5 });
    for name in ["gradient-weighted", "structure-tensor"] {
        let gaussians =
            init::by_name(name).unwrap().place(&target, 400, &mut generator(2)).unwrap();
        let (mut inside, mut areas) = (0, [0.0f64; 2]);
        for index in 0..gaussians.len() {
            let [a, b, c, d] = gaussians.factor_px[index].map(f64::from);
            let striped = gaussians.mean_px[index][0] < 32.0;
            inside += usize::from(striped);
            areas[usize::from(striped)] += (a * d - b * c).abs();
        }
        let [flat, striped] = [areas[0] / (400 - inside) as f64, areas[1] / inside as f64];
        assert!(inside > 280, "{name}: {inside} of 400 on a quarter of the picture");
        assert!(flat > 4.0 * striped, "{name}: areas {flat} and {striped}");
    }
}

#[test]
fn the_structure_tensor_stretches_gaussians_along_the_edge() {
    let target = diagonal_edge(Size::new(60, 60), 3);
    let structure_tensor = init::by_name("structure-tensor").unwrap();
    let gaussians = structure_tensor.place(&target, 200, &mut generator(3)).unwrap();
    let mut on_edge = 0;
    for index in 0..gaussians.len() {
        let [x, y] = gaussians.mean_px[index];
        let [largest, smallest] = gaussians.sigmas_px(index);
        if (x - y).abs() > 3.0 || (x - 30.0).abs() > 24.0 || smallest < 0.36 {
            continue;
        }
        on_edge += 1;
        let [a, b, c, d] = gaussians.factor_px[index];
        let along = ((a + c).powi(2) + (b + d).powi(2)).sqrt() / 2.0f32.sqrt();
        assert!(largest / smallest > 3.5, "{largest} {smallest}");
        assert!(along > 0.99 * largest, "{along} along the edge of {largest}");
    }
    assert!(on_edge > 20, "{on_edge}");
}

#[test]
fn a_grid_is_regular_and_covers_a_constant_picture_evenly() {
    let target = picture(Size::new(40, 20), 1, |_, _, _| 0.5);
    let grid = init::by_name("grid").unwrap();
    let gaussians = grid.place(&target, 50, &mut generator(4)).unwrap();
    let rows: std::collections::BTreeSet<u32> =
        gaussians.mean_px.iter().map(|[_, y]| y.to_bits()).collect();
    assert_eq!(rows.len(), 5);
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, Blend::Additive, target.size());
    renderer.set(&gaussians);
    let drawn = renderer.render().unwrap();
    // Sigmas of half the spacing ripple by 2 exp(-pi^2 / 2) = 1.4 % along each axis.
    for (x, y) in [(12, 8), (20, 10), (25, 11), (18, 9)] {
        assert!((drawn.at(0, x, y) - 0.5).abs() < 0.02, "{}", drawn.at(0, x, y));
    }
}

#[test]
fn unknown_names_are_answered_with_the_list() {
    let message = init::by_name("lucky").unwrap_err().to_string();
    for initializer in ALL {
        assert_eq!(init::by_name(initializer.name()).unwrap().name(), initializer.name());
        assert!(message.contains(initializer.name()), "{message}");
    }
}

/// A few overlapping Gaussians and a picture that they cannot reach exactly.
fn small_problem() -> (Gaussians, Image) {
    let target = picture(Size::new(13, 11), 3, |channel, x, y| {
        (0.3 * x + channel as f32).sin() * 0.4 + 0.05 * y
    });
    let initializer = init::by_name("structure-tensor").unwrap();
    (initializer.place(&target, 9, &mut generator(5)).unwrap(), target)
}

/// Solves a dense symmetric positive definite system by Gaussian elimination.
fn solve_dense(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for pivot in 0..n {
        for row in pivot + 1..n {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot].clone();
            for (value, above) in matrix[row].iter_mut().zip(above) {
                *value -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| matrix[row][k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

/// The change of one channel's colours from the normal equations, and the basis pictures.
fn direct_solution(gaussians: &Gaussians, target: &Image, channel: usize) -> Vec<f64> {
    let size = target.size();
    let splats = Splats::new(gaussians);
    let basis: Vec<Vec<f64>> = (0..gaussians.len())
        .map(|index| {
            let mut tangent = vec![0.0; gaussians.len() * splats.moments_per_splat()];
            tangent[index * splats.moments_per_splat()] = 1.0;
            Oracle.jvp_f64(&splats, &tangent, size)[..size.pixels()].to_vec()
        })
        .collect();
    let drawn = Oracle.render_f64(&splats, size);
    let difference: Vec<f64> = (0..size.pixels())
        .map(|pixel| {
            f64::from(target.plane(channel)[pixel]) - drawn[channel * size.pixels() + pixel]
        })
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let matrix = (0..basis.len())
        .map(|i| {
            (0..basis.len())
                .map(|j| {
                    let [a, b, c, d] = gaussians.factor_px[i].map(f64::from);
                    let mass = std::f64::consts::PI * (a * d - b * c).abs().max(0.1);
                    dot(&basis[i], &basis[j]) + if i == j { 1e-3 * mass } else { 0.0 }
                })
                .collect()
        })
        .collect();
    solve_dense(matrix, basis.iter().map(|b| dot(b, &difference)).collect())
}

#[test]
fn least_squares_colours_agree_with_the_normal_equations() {
    let (start, target) = small_problem();
    let mut solved = start.clone();
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, Blend::Additive, target.size());
    solve_colors(&mut renderer, &mut solved, &target, 60).unwrap();
    for channel in 0..3 {
        let expected = direct_solution(&start, &target, channel);
        for (index, expected) in expected.iter().enumerate() {
            let change =
                f64::from(solved.color_of(index)[channel] - start.color_of(index)[channel]);
            // Pictures and moments pass through f32: 1e-7 times a condition of about 1e3.
            assert!((change - expected).abs() < 1e-3, "{index}: {change} instead of {expected}");
        }
    }
}

fn squared_error(renderer: &mut Renderer<'_>, target: &Image) -> f64 {
    let drawn = renderer.render().unwrap();
    let pairs = drawn.data().iter().zip(target.data());
    pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

#[test]
fn every_step_of_the_colour_solve_lowers_the_error_with_either_blend() {
    let (start, target) = small_problem();
    for blend in [Blend::Additive, Blend::Normalized { epsilon: 0.01 }] {
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, blend, target.size());
        let mut last = f64::INFINITY;
        for iterations in 0..12 {
            let mut gaussians = start.clone();
            solve_colors(&mut renderer, &mut gaussians, &target, iterations).unwrap();
            let error = squared_error(&mut renderer, &target);
            assert!(error <= last * (1.0 + 1e-6), "{blend:?} {iterations}: {error} after {last}");
            last = error;
        }
    }
}

#[test]
fn colours_are_found_again_when_the_picture_can_be_reached() {
    let (mut truth, target) = small_problem();
    let mut rng = generator(6);
    truth.color.fill_with(|| rng.random_range(-1.0..1.0));
    for blend in [Blend::Additive, Blend::Normalized { epsilon: 0.01 }] {
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, blend, target.size());
        renderer.set(&truth);
        let reachable = renderer.render().unwrap();
        let mut gaussians = truth.clone();
        gaussians.color.fill(0.0);
        let start = ColorStart::LeastSquares { iterations: 200 };
        start.apply(&mut renderer, &mut gaussians, &reachable).unwrap();
        let energy: f64 = reachable.data().iter().map(|v| f64::from(*v).powi(2)).sum();
        // The ridge of 1e-3 keeps about its square of what is wanted.
        let error = squared_error(&mut renderer, &reachable);
        assert!(error < 1e-3 * energy, "{blend:?}: {error} of {energy}");
    }
}

#[test]
fn colour_solves_refuse_pictures_of_another_size_and_leave_empty_sets_alone() {
    let (mut gaussians, target) = small_problem();
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, Blend::Additive, Size::new(4, 4));
    assert!(solve_colors(&mut renderer, &mut gaussians, &target, 1).is_err());
    let target = Image::zeros(Size::new(4, 4), 1);
    assert!(solve_colors(&mut renderer, &mut gaussians, &target, 1).is_err());
    let mut empty = Gaussians::empty(1);
    solve_colors(&mut renderer, &mut empty, &target, 3).unwrap();
}
