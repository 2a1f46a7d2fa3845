//! Both blends, drawn and differentiated, against finite differences in the float64 oracle.

use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::renderer::Renderer;

const SIZE: Size = Size::new(12, 9);

/// Three overlapping Gaussians whose cut-offs lie outside the picture: a finite difference must
/// not carry a pixel over the edge of a support.
fn gaussians() -> Gaussians {
    Gaussians::new(
        3,
        vec![[4.3, 3.2], [7.6, 5.1], [5.5, 4.4]],
        vec![[5.0, 0.0, 1.0, 6.0], [6.0, 1.5, -1.0, 5.5], [7.0, 0.0, 0.0, 7.0]],
        vec![0.5, -0.2, 0.3, 0.1, 0.4, -0.3, 0.6, 0.6, 0.5],
    )
    .unwrap()
}

fn draw(gaussians: &Gaussians, blend: Blend) -> Image {
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, blend, SIZE);
    renderer.set(gaussians);
    renderer.render().unwrap()
}

fn pattern(length: usize, step: usize) -> Vec<f32> {
    (0..length).map(|i| ((i * step % 19) as f32 - 9.0) / 9.0).collect()
}

const BLENDS: [Blend; 3] =
    [Blend::Additive, Blend::Normalized { epsilon: 0.0 }, Blend::Normalized { epsilon: 0.05 }];

#[test]
fn the_derivative_along_colours_and_position_matches_finite_differences() {
    for blend in BLENDS {
        let base = gaussians();
        // Moves Gaussian 1 by +x and changes its second colour. A mean that moves by u changes
        // q by -2 d^T Sigma^-1 u, so the geometric tangent is the conic's first column.
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, blend, SIZE);
        renderer.set(&base);
        let conic = lgi::backend::Splats::new(&base).conic[1];
        let mut tangent = vec![0.0; 3 * 8];
        tangent[8..16].copy_from_slice(&[0.0, 0.7, 0.0, conic[0], conic[1], 0.0, 0.0, 0.0]);
        let derivative = renderer.jvp(&tangent).unwrap();

        let moved = |sign: f32| {
            let mut gaussians = base.clone();
            gaussians.mean_px[1][0] += sign * 0.01;
            gaussians.color[4] += sign * 0.01 * 0.7;
            draw(&gaussians, blend)
        };
        let (ahead, behind) = (moved(1.0), moved(-1.0));
        for i in 0..derivative.data().len() {
            let difference = (ahead.data()[i] - behind.data()[i]) / 0.02;
            // float32 pictures of order 1 over a step of 0.02: 1e-7 / 0.02.
            assert!(
                (difference - derivative.data()[i]).abs() < 3e-5,
                "{blend:?}, value {i}: {difference} and {}",
                derivative.data()[i]
            );
        }
    }
}

#[test]
fn gradients_are_the_adjoint_of_derivatives() {
    for blend in BLENDS {
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, blend, SIZE);
        renderer.set(&gaussians());
        let tangent = pattern(3 * 8, 7);
        let gradient = Image::from_planar(SIZE, 3, pattern(3 * SIZE.pixels(), 5)).unwrap();
        let moments = renderer.vjp(&gradient).unwrap();
        let derivative = renderer.jvp(&tangent).unwrap();
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let (left, right) = (dot(derivative.data(), gradient.data()), dot(&tangent, &moments));
        // Each side rounds some hundred float32 products of order 1 to 100.
        assert!((left - right).abs() < 1e-5 * left.abs().max(10.0), "{blend:?}: {left}, {right}");
    }
}

#[test]
fn a_normalized_blend_of_one_colour_is_that_colour_wherever_it_covers() {
    let color = [0.25, 0.5, 0.75];
    let mut one_color = gaussians();
    one_color.color = color.repeat(3);
    let picture = draw(&one_color, Blend::Normalized { epsilon: 0.0 });
    for (channel, expected) in color.into_iter().enumerate() {
        assert!(picture.plane(channel).iter().all(|v| (v - expected).abs() < 1e-6));
    }
}

#[test]
fn uncovered_pixels_are_black_and_counted_never_not_a_number() {
    let small = Gaussians::new(1, vec![[2.5, 2.5]], vec![[0.5, 0.0, 0.0, 0.5]], vec![0.9]).unwrap();
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, Blend::Normalized { epsilon: 0.0 }, SIZE);
    renderer.set(&small);
    let picture = renderer.render().unwrap();
    assert!((picture.at(0, 2, 2) - 0.9).abs() < 1e-6);
    assert_eq!(picture.at(0, 11, 8), 0.0);
    assert!(picture.data().iter().all(|v| v.is_finite()));
    // Support radius 3.32 sigma = 1.66 px: the pixel itself, 4 beside it, 4 at the corners.
    assert_eq!(renderer.uncovered_pixels().unwrap(), SIZE.pixels() - 9);
    let ones = Image::from_planar(SIZE, 1, vec![1.0; SIZE.pixels()]).unwrap();
    assert!(renderer.vjp(&ones).unwrap().iter().all(|v| v.is_finite()));
    assert!(renderer.jvp(&[1.0; 6]).unwrap().data().iter().all(|v| v.is_finite()));
}
