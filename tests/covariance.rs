//! Every covariance parameterisation: its derivatives against finite differences of the float64
//! renderer, its bounds, and its behaviour on hostile steps.

use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::covariance::{self, ALL, Covariance, MEAN_LIMIT_PX, ScaleBounds};
use lgi::gaussians::{Gaussians, singular_values};
use lgi::image::Size;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const BOUNDS: ScaleBounds = ScaleBounds { min_px: 0.35, max_px: 400.0 };

/// Small enough that every Gaussian of these tests reaches every pixel: no pixel crosses the
/// cut-off while a parameter is varied.
const SIZE: Size = Size::new(7, 5);

const COLOR: [f32; 3] = [0.8, -0.3, 0.5];

/// A mean near the picture's middle and a thick factor without any symmetry.
fn example(covariance: &dyn Covariance) -> ([f32; 2], [f32; 4]) {
    ([3.3, 2.8], covariance.conform([2.4, -0.5, 0.7, 1.9]))
}

fn picture(mean_px: [f32; 2], factor_px: [f32; 4]) -> Vec<f64> {
    let gaussians = Gaussians::new(3, vec![mean_px], vec![factor_px], COLOR.to_vec()).unwrap();
    Oracle.render_f64(&Splats::new(&gaussians), SIZE)
}

/// Position and shape step along one of the five coordinates.
fn unit(coordinate: usize, length: f32) -> ([f32; 2], [f32; 3]) {
    let mut all = [0.0; 5];
    all[coordinate] = length;
    ([all[0], all[1]], [all[2], all[3], all[4]])
}

/// The coordinates in use: two of position, then those of shape.
fn coordinates(covariance: &dyn Covariance) -> std::ops::Range<usize> {
    0..2 + covariance.shape_len()
}

/// Central difference of the picture along one coordinate. The step is in units in which the
/// picture changes by about itself; conic entries are about 1/5 of those of lengths.
fn difference(covariance: &dyn Covariance, coordinate: usize) -> Vec<f64> {
    let (mean, factor) = example(covariance);
    let step =
        if covariance.name() == "inverse-covariance" && coordinate >= 2 { 4e-4 } else { 2e-3 };
    let at = |length: f32| {
        let (position, shape) = unit(coordinate, length);
        let (mean, factor) = covariance.retract(mean, factor, position, shape, BOUNDS);
        picture(mean, factor)
    };
    let (ahead, behind) = (at(step), at(-step));
    ahead.iter().zip(behind).map(|(a, b)| (a - b) / (2.0 * f64::from(step))).collect()
}

fn random_gradient() -> Vec<f64> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..SIZE.pixels() * 3).map(|_| f64::from(rng.random_range(-1.0f32..1.0))).collect()
}

fn size_of(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Differences of f32 parameters carry rounding of about 1e-7 / 2e-3, and truncation of 4e-6.
const DIFFERENCE_TOLERANCE: f64 = 1e-3;

#[test]
fn the_gradient_agrees_with_finite_differences() {
    let gradient = random_gradient();
    for covariance in ALL {
        let (mean, factor) = example(*covariance);
        let gaussians = Gaussians::new(3, vec![mean], vec![factor], COLOR.to_vec()).unwrap();
        let moments = Oracle.vjp_f64(&Splats::new(&gaussians), &gradient, SIZE);
        let moments = std::array::from_fn(|k| moments[3 + k] as f32);
        let (position, shape) = covariance.pull_back(factor, moments);
        let exact = [position[0], position[1], shape[0], shape[1], shape[2]].map(f64::from);
        for k in coordinates(*covariance) {
            let change = difference(*covariance, k);
            let expected: f64 = change.iter().zip(&gradient).map(|(a, b)| a * b).sum();
            let scale = size_of(&change) * size_of(&gradient);
            assert!(
                (exact[k] - expected).abs() <= DIFFERENCE_TOLERANCE * scale,
                "{} coordinate {k}: {} instead of {expected}",
                covariance.name(),
                exact[k]
            );
        }
        let unused = &exact[coordinates(*covariance).end..];
        assert!(unused.iter().all(|v| *v == 0.0), "{}: {unused:?}", covariance.name());
    }
}

#[test]
fn the_tangent_agrees_with_finite_differences_of_the_picture() {
    for covariance in ALL {
        let (mean, factor) = example(*covariance);
        let gaussians = Gaussians::new(3, vec![mean], vec![factor], COLOR.to_vec()).unwrap();
        for k in coordinates(*covariance) {
            let (position, shape) = unit(k, 1.0);
            let mut tangent = vec![0.0; 3];
            tangent.extend(covariance.push_forward(factor, position, shape).map(f64::from));
            let exact = Oracle.jvp_f64(&Splats::new(&gaussians), &tangent, SIZE);
            let expected = difference(*covariance, k);
            let error: Vec<f64> = exact.iter().zip(&expected).map(|(a, b)| a - b).collect();
            assert!(
                size_of(&error) <= DIFFERENCE_TOLERANCE * size_of(&expected),
                "{} coordinate {k}: off by {} of {}",
                covariance.name(),
                size_of(&error),
                size_of(&expected)
            );
        }
    }
}

#[test]
fn the_tangent_is_the_adjoint_of_the_gradient() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut number = |low: f32, high: f32| rng.random_range(low..high);
    for covariance in ALL {
        for _ in 0..200 {
            let factor = covariance.conform(std::array::from_fn(|_| number(-3.0, 3.0)));
            if singular_values(factor)[1] < 0.1 {
                continue;
            }
            let moments: [f32; 5] = std::array::from_fn(|_| number(-1.0, 1.0));
            let position: [f32; 2] = std::array::from_fn(|_| number(-1.0, 1.0));
            let mut shape = [0.0; 3];
            shape[..covariance.shape_len()].fill_with(|| number(-1.0, 1.0));

            let tangent = covariance.push_forward(factor, position, shape);
            let (in_position, in_shape) = covariance.pull_back(factor, moments);
            let products = |a: &[f32], b: &[f32]| -> Vec<f64> {
                a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).collect()
            };
            let left = products(&tangent, &moments);
            let mut right = products(&position, &in_position);
            right.extend(products(&shape, &in_shape));
            // Each term is rounded to f32 once, 6e-8 of itself.
            let scale: f64 = left.iter().chain(&right).map(|v| v.abs()).sum();
            let error = left.iter().sum::<f64>() - right.iter().sum::<f64>();
            assert!(error.abs() <= 1e-6 * scale, "{}: {error} of {scale}", covariance.name());
        }
    }
}

/// Rounding of a thin factor's entries to f32 moves its small sigma by 6e-8 of its large one.
fn slack(largest: f32) -> f32 {
    1e-6 * largest
}

#[test]
fn steps_stay_finite_and_inside_the_bounds_whatever_they_are() {
    let numbers = [
        0.0,
        1e-30,
        -0.1,
        1.0,
        -30.0,
        1e6,
        -1e20,
        f32::MAX,
        -f32::MAX,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    let factors = [
        [2.4, -0.5, 0.7, 1.9],
        [1e-12, 0.0, 0.0, 1e-12],
        [300.0, 0.0, 0.0, 1e-9],
        [0.35, 0.0, 0.0, 0.35],
        [1e6, 0.0, 1e6, 1.0],
        [0.0, 2.0, 2.0, 0.0],
        [-1.0, 0.0, 0.0, 3.0],
    ];
    for covariance in ALL {
        for factor in factors.map(|factor| covariance.conform(factor)) {
            for (i, &first) in numbers.iter().enumerate() {
                for &second in &numbers[i..] {
                    for shape in
                        [[first, second, 0.0], [second, first, first], [0.0, first, second]]
                    {
                        let position = [first, second];
                        let (mean, moved) =
                            covariance.retract([5.0, -7.0], factor, position, shape, BOUNDS);
                        let [largest, smallest] = singular_values(moved);
                        let case =
                            format!("{} {factor:?} {position:?} {shape:?}", covariance.name());
                        assert!(mean.iter().all(|v| v.abs() <= MEAN_LIMIT_PX), "{case}: {mean:?}");
                        assert!(
                            smallest >= BOUNDS.min_px - slack(largest)
                                && largest <= BOUNDS.max_px + slack(largest),
                            "{case}: {moved:?} has sigmas {largest} and {smallest}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn no_step_changes_nothing() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    for covariance in ALL {
        for _ in 0..100 {
            let factor = std::array::from_fn(|_| rng.random_range(-20.0f32..20.0));
            if singular_values(factor)[1] < 1.0 {
                continue;
            }
            let factor = covariance.conform(factor);
            let (mean, same) = covariance.retract([1.5, 2.5], factor, [0.0; 2], [0.0; 3], BOUNDS);
            assert_eq!(mean, [1.5, 2.5]);
            for (a, b) in factor.iter().zip(same) {
                // One rounding of f32 in the factor's largest entries.
                assert!((a - b).abs() < 4e-6, "{}: {factor:?} became {same:?}", covariance.name());
            }
        }
    }
}

#[test]
fn conforming_keeps_the_area_and_happens_once() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let area = |[a, b, c, d]: [f32; 4]| (a * d - b * c).abs();
    for covariance in ALL {
        for _ in 0..200 {
            let factor = std::array::from_fn(|_| rng.random_range(-5.0f32..5.0));
            if area(factor) < 1.0 {
                continue;
            }
            let once = covariance.conform(factor);
            assert!((area(once) / area(factor) - 1.0).abs() < 1e-5, "{}", covariance.name());
            let twice = covariance.conform(once);
            for (a, b) in once.iter().zip(twice) {
                assert!((a - b).abs() < 1e-6, "{}: {once:?}, {twice:?}", covariance.name());
            }
        }
    }
}

#[test]
fn parameterisations_with_three_numbers_hold_every_ellipse() {
    let factor = [2.4f32, -0.5, 0.7, 1.9];
    let covariance_of = |[a, b, c, d]: [f32; 4]| [a * a + b * b, a * c + b * d, c * c + d * d];
    for covariance in ALL.iter().filter(|covariance| covariance.shape_len() == 3) {
        let held = covariance_of(covariance.conform(factor));
        for (a, b) in covariance_of(factor).iter().zip(held) {
            assert!((a - b).abs() < 1e-5, "{}: {a} became {b}", covariance.name());
        }
    }
}

#[test]
fn the_body_frame_survives_the_bounds() {
    let body = covariance::by_name("body-frame").unwrap();
    let factor = [2.4f32, -0.5, 0.7, 1.9];
    let bounds = ScaleBounds { min_px: 0.5, max_px: 10.0 };
    let step = |shape| body.retract([0.0; 2], factor, [0.0; 2], shape, bounds).1;
    assert_eq!(step([0.0; 3]), factor, "inside the bounds the factor is not touched");
    // Growth by e^5 puts both sigmas on the upper bound: what is left of L is its rotation.
    let [a, b, c, d] = step([5.0, 0.0, 5.0]);
    let (sum, difference) = (2.4 + 1.9, 0.7 + 0.5);
    let length = f32::hypot(sum, difference);
    for (value, expected) in
        [(a, sum), (b, -difference), (c, difference), (d, sum)].map(|(v, e)| (v, 10.0 * e / length))
    {
        assert!((value - expected).abs() < 1e-4, "{value} instead of {expected}");
    }
}

#[test]
fn descent_does_not_push_against_the_bounds_after_projection() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let narrow = ScaleBounds { min_px: 0.5, max_px: 6.0 };
    for covariance in ALL {
        for start in [[0.1f32, 0.0, 0.05, 3.0], [2.0, 1.0, -0.3, 40.0]] {
            // A Gaussian with one sigma on a bound.
            let (mean, factor) =
                covariance.retract([0.0; 2], covariance.conform(start), [0.0; 2], [0.0; 3], narrow);
            for _ in 0..50 {
                let mut gradient = [0.0; 3];
                gradient[..covariance.shape_len()]
                    .fill_with(|| 1e-3 * rng.random_range(-1.0f32..1.0));
                let projected = covariance.project_gradient(factor, gradient, narrow);
                let mut step = projected.map(|v| -v);
                if covariance.name() == "body-frame" {
                    // Steepest descent in the metric p^2 + 2 q^2 + r^2.
                    step[1] *= 0.5;
                }
                let free = ScaleBounds { min_px: 1e-3, max_px: 1e6 };
                let (_, moved) = covariance.retract(mean, factor, [0.0; 2], step, free);
                let [largest, smallest] = singular_values(moved);
                // What is left is the bound's curvature: second order in a step of 1e-3. Conic
                // entries move a large sigma by up to its cube.
                assert!(
                    smallest > narrow.min_px - 2e-4 && largest < narrow.max_px + 5e-2,
                    "{} {gradient:?}: {projected:?} leads to {largest} {smallest}",
                    covariance.name()
                );
            }
        }
        let (_, inside) = example(*covariance);
        let gradient = [0.3, 0.2, -0.1];
        assert_eq!(covariance.project_gradient(inside, gradient, narrow), gradient);
    }
}

#[test]
fn names_are_found_and_unknown_ones_answered_with_the_list() {
    for covariance in ALL {
        assert_eq!(covariance::by_name(covariance.name()).unwrap().name(), covariance.name());
    }
    let message = covariance::by_name("round").unwrap_err().to_string();
    for covariance in ALL {
        assert!(message.contains(covariance.name()), "{message}");
    }
}
