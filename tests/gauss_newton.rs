//! The Gauss-Newton blocks.

#[path = "common/groups.rs"]
mod groups;

use groups::pattern;
use lgi::backend::Splats;
use lgi::backend::oracle::Oracle;
use lgi::blend::Blend;
use lgi::covariance::{BodyFrame, Covariance};
use lgi::gaussians::{Gaussians, SUPPORT_Q};
use lgi::image::Size;
use lgi::optim::{GaussNewton, Groups};
use lgi::renderer::Renderer;

fn turned(angle: f32, sigmas: [f32; 2]) -> [f32; 4] {
    let (sine, cosine) = angle.sin_cos();
    [cosine * sigmas[0], -sine * sigmas[1], sine * sigmas[0], cosine * sigmas[1]]
}

/// Six Gaussians that overlap, some over the border, one faded to nothing.
fn crowd(channels: usize) -> Gaussians {
    let mut gaussians = Gaussians::empty(channels);
    let places = [[6.0, 7.0], [12.5, 9.0], [17.0, 4.0], [10.0, 14.0], [1.0, 16.5], [20.0, 13.0]];
    for (index, mean_px) in places.into_iter().enumerate() {
        let i = index as f32;
        let color: Vec<f32> = (0..channels)
            .map(|channel| if index == 4 { 0.0 } else { 0.7 - 0.25 * i + 0.3 * channel as f32 })
            .collect();
        gaussians.push(mean_px, turned(0.7 * i, [2.0 + 0.6 * i, 4.5 - 0.5 * i]), &color);
    }
    gaussians
}

const CROWD: Size = Size::new(22, 18);

#[test]
fn solving_undoes_multiplying_for_every_colour_and_channel_count() {
    for channels in [1, 3, 4] {
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, Blend::NORMALIZED, CROWD);
        renderer.set(&crowd(channels));
        let weights = renderer.squared_weights().unwrap().unwrap();
        let mut blocks = [GaussNewton::default(), GaussNewton::default()];
        blocks[0].set(&crowd(channels), 0.01);
        blocks[1].set_normalized(channels, &weights, 0.01);
        for blocks in blocks {
            let start = pattern(6, channels, 1);
            let mut there_and_back = start.clone();
            blocks.multiply(&mut there_and_back);
            assert_ne!(there_and_back, start);
            blocks.solve(&mut there_and_back);
            for ((group, a), (_, b)) in start.iter().zip(there_and_back.iter()) {
                for (a, b) in a.iter().zip(b) {
                    assert!((a - b).abs() < 1e-3, "{channels} channels, {group:?}: {a}, {b}");
                }
            }
        }
    }
}

/// Derivatives of the picture along each coordinate of Gaussian `index`: 2 of position, 3 of
/// shape, then the colours.
fn jacobian(renderer: &mut Renderer, gaussians: &Gaussians, index: usize) -> Vec<Vec<f64>> {
    let channels = gaussians.channels();
    let stride = channels + 5;
    let mut columns = Vec::new();
    for coordinate in 0..5 + channels {
        let mut tangent = vec![0.0; gaussians.len() * stride];
        let own = &mut tangent[index * stride..][..stride];
        let mut unit = [0.0; 5];
        if coordinate < 5 {
            unit[coordinate] = 1.0;
            let [x, y, p, q, r] = unit;
            let factor = gaussians.factor_px[index];
            own[channels..].copy_from_slice(&BodyFrame.push_forward(factor, [x, y], [p, q, r]));
        } else {
            own[coordinate - 5] = 1.0;
        }
        let derivative = renderer.jvp(&tangent).unwrap();
        columns.push(derivative.data().iter().map(|v| f64::from(*v)).collect());
    }
    columns
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One column of Gaussian `index`'s block.
fn block_column(
    blocks: &GaussNewton,
    count: usize,
    channels: usize,
    index: usize,
    coordinate: usize,
) -> Vec<f64> {
    let mut unit = Groups {
        position: vec![0.0; 2 * count],
        shape: vec![0.0; 3 * count],
        color: vec![0.0; channels * count],
    };
    match coordinate {
        0..2 => unit.position[2 * index + coordinate] = 1.0,
        2..5 => unit.shape[3 * index + coordinate - 2] = 1.0,
        _ => unit.color[channels * index + coordinate - 5] = 1.0,
    }
    blocks.multiply(&mut unit);
    let rows = unit.position[2 * index..2 * index + 2]
        .iter()
        .chain(&unit.shape[3 * index..3 * index + 3])
        .chain(&unit.color[channels * index..channels * (index + 1)]);
    rows.map(|v| f64::from(*v)).collect()
}

#[test]
fn the_block_in_closed_form_is_that_of_the_drawn_pixels() {
    let size = Size::new(48, 48);
    let curvature = 0.37;
    let shapes = [[1.5, 1.5], [1.5, 4.0], [6.0, 2.0], [3.0, 3.3]];
    let colors: [&[f32]; 4] = [&[0.9], &[-0.7], &[0.2, -0.8, 0.5], &[0.4, 0.5, -0.3, 0.9]];
    for (sigmas, angle) in shapes.into_iter().zip([0.0, 0.4, 1.2, 2.5]) {
        for color in colors {
            let channels = color.len();
            let factor = turned(angle, sigmas);
            let mut gaussians = Gaussians::empty(channels);
            gaussians.push([24.3, 23.8], factor, color);
            let mut oracle = Oracle;
            let mut renderer = Renderer::new(&mut oracle, Blend::Additive, size);
            renderer.set(&gaussians);
            let columns = jacobian(&mut renderer, &gaussians, 0);
            let mut blocks = GaussNewton::default();
            blocks.set(&gaussians, curvature);
            for (i, along) in columns.iter().enumerate() {
                let given = block_column(&blocks, 1, channels, 0, i);
                for (j, across) in columns.iter().enumerate() {
                    let expected = f64::from(curvature) * dot(along, across);
                    let scale =
                        f64::from(curvature) * (dot(along, along) * dot(across, across)).sqrt();
                    // The integral stands for the sum over pixels, and a little is added to the
                    // square of the colour.
                    assert!(
                        (given[j] - expected).abs() < 0.01 * scale,
                        "sigmas {sigmas:?}, {color:?}, entry {i}, {j}: {} for {expected}",
                        given[j]
                    );
                }
            }
        }
    }
}

/// `q` of one Gaussian at one pixel.
fn distance(gaussians: &Gaussians, index: usize, pixel: usize) -> f32 {
    let [a, b, c] = Splats::new(gaussians).conic[index];
    let (x, y) = ((pixel % CROWD.width) as f32, (pixel / CROWD.width) as f32);
    let [mean_x, mean_y] = gaussians.mean_px[index];
    let (dx, dy) = (x + 0.5 - mean_x, y + 0.5 - mean_y);
    a * dx * dx + 2.0 * b * dx * dy + c * dy * dy
}

#[test]
fn among_averaged_neighbours_masses_contrasts_and_energies_are_the_sums_over_pixels() {
    for channels in [1, 3, 4] {
        let gaussians = crowd(channels);
        let mut oracle = Oracle;
        let mut renderer = Renderer::new(&mut oracle, Blend::NORMALIZED, CROWD);
        renderer.set(&gaussians);
        let picture = renderer.render().unwrap();
        let weights = renderer.squared_weights().unwrap().unwrap();
        let mut blocks = GaussNewton::default();
        blocks.set_normalized(channels, &weights, 2.0);
        for index in 0..gaussians.len() {
            let columns = jacobian(&mut renderer, &gaussians, index);
            // Along its first colour a Gaussian changes the picture by its own weight. The square
            // of a Gaussian is drawn as a Gaussian, whose support ends at half the `q`.
            let squares: Vec<f64> = (0..CROWD.pixels())
                .map(|pixel| {
                    let far = distance(&gaussians, index, pixel) > 0.5 * SUPPORT_Q;
                    if far { 0.0 } else { columns[5][pixel].powi(2) }
                })
                .collect();
            let mass: f64 = squares.iter().sum();
            let (mut contrast, mut energy) = (vec![0.0; channels], 0.0);
            for (channel, contrast) in contrast.iter_mut().enumerate() {
                let color = f64::from(gaussians.color_of(index)[channel]);
                for (square, value) in squares.iter().zip(picture.plane(channel)) {
                    let difference = color - f64::from(*value);
                    *contrast += square * difference / mass;
                    energy += square * difference * difference / mass;
                }
            }
            let near = |given: f32, expected: f64, scale: f64, what: &str| {
                let error = (f64::from(given) - expected).abs();
                assert!(error < 1e-4 * scale, "{what} of {index}: {given} for {expected}");
            };
            near(weights.mass[index], mass, mass, "mass");
            near(weights.energy[index], energy, energy.max(0.01), "energy");
            for (channel, expected) in contrast.iter().enumerate() {
                let given = weights.contrast[index * channels + channel];
                near(given, *expected, energy.sqrt().max(0.1), "contrast");
            }
            // The block of the colours is the mass times the curvature, and nothing else; the
            // squares that were cut off are a few hundredths.
            for i in 0..channels {
                let column = block_column(&blocks, gaussians.len(), channels, index, 5 + i);
                for j in 0..channels {
                    let expected = 2.0 * dot(&columns[5 + i], &columns[5 + j]);
                    let error = (column[5 + j] - expected).abs();
                    assert!(error < 0.12 * mass, "{index}: {} for {expected}", column[5 + j]);
                }
            }
        }
    }
}

#[test]
fn the_additive_blend_needs_no_sums_over_pixels() {
    let mut oracle = Oracle;
    let mut renderer = Renderer::new(&mut oracle, Blend::Additive, CROWD);
    renderer.set(&crowd(3));
    assert_eq!(renderer.squared_weights().unwrap(), None);
    assert_eq!(renderer.take_sweeps(), 0);
}
