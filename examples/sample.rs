//! Paints `assets/sample.png`, the picture that README's first command encodes: an evening over
//! hills, made of formulas alone. Run with `cargo run --release --example sample`.

use lgi::image::{self, Image, SaveOptions, Size};

const SIZE: Size = Size::new(384, 256);
/// Samples along each axis of a pixel, so that edges are smooth.
const SAMPLES: usize = 4;

fn main() -> lgi::Result<()> {
    let mut picture = Image::zeros(SIZE, 3);
    for y in 0..SIZE.height {
        for x in 0..SIZE.width {
            let mut sum = [0.0; 3];
            for sample in 0..SAMPLES * SAMPLES {
                let offset = |i: usize| (i as f32 + 0.5) / SAMPLES as f32;
                let u = (x as f32 + offset(sample % SAMPLES)) / SIZE.height as f32;
                let v = (y as f32 + offset(sample / SAMPLES)) / SIZE.height as f32;
                let color = paint(u, v);
                for (sum, value) in sum.iter_mut().zip(color) {
                    *sum += value / (SAMPLES * SAMPLES) as f32;
                }
            }
            for (channel, value) in sum.into_iter().enumerate() {
                picture.plane_mut(channel)[y * SIZE.width + x] = value;
            }
        }
    }
    let options = SaveOptions { overwrite: true, ..Default::default() };
    image::save("assets/sample.png".as_ref(), &picture, &options)
}

/// The colour at `(u, v)`, in units of the picture's height, from the top-left corner.
fn paint(u: f32, v: f32) -> [f32; 3] {
    let mut color = sky(u, v);
    // From the far ridge to the near one: lower, rougher, darker.
    for layer in 0..5 {
        let near = layer as f32 / 4.0;
        let height = 0.42 + 0.13 * near * (1.0 + near);
        let roughness = 0.05 + 0.03 * near;
        let ridge = height - roughness * fractal_noise(u * (2.0 + 2.0 * near) + 17.3 * near, layer);
        if v > ridge {
            let haze = 1.0 - near;
            let grain = 0.05 * near * noise_2d(u * 90.0, v * 140.0, layer + 9);
            let light = (0.75 - 1.2 * (v - ridge)).max(0.4) + grain;
            let base = mix([0.10, 0.17, 0.14], [0.55, 0.42, 0.50], haze);
            color = base.map(|value| value * light);
        }
    }
    color
}

fn sky(u: f32, v: f32) -> [f32; 3] {
    let mut color = mix([0.16, 0.27, 0.52], [0.98, 0.68, 0.42], (v / 0.55).min(1.0).powf(1.3));
    let band = fractal_noise_2d(u * 3.0, v * 14.0);
    color = mix(color, [0.99, 0.82, 0.72], (band * 1.6 - 0.6).clamp(0.0, 0.6));
    let distance = f32::hypot(u - 1.05, v - 0.33);
    color = mix(color, [1.0, 0.93, 0.72], (0.09 / (distance + 0.09)).powi(3));
    if distance < 0.045 { [1.0, 0.97, 0.86] } else { color }
}

fn mix(a: [f32; 3], b: [f32; 3], t: f32) -> [f32; 3] {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t)
}

/// A pseudo-random value in 0..1 for each lattice point.
fn hash(x: i32, y: i32, seed: i32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x9E37_79B1)
        ^ (y as u32).wrapping_mul(0x85EB_CA77)
        ^ (seed as u32).wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    (h ^ (h >> 15)) as f32 / u32::MAX as f32
}

/// Value noise: lattice values joined by smooth steps.
fn noise_2d(x: f32, y: f32, seed: i32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (smooth(x - x0), smooth(y - y0));
    let at = |i: i32, j: i32| hash(x0 as i32 + i, y0 as i32 + j, seed);
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * tx;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * tx;
    top + (bottom - top) * ty
}

fn fractal_noise(x: f32, seed: i32) -> f32 {
    (0..6).map(|octave| noise_2d(x * 2.0_f32.powi(octave), 0.5, seed) * 0.55_f32.powi(octave)).sum()
}

fn fractal_noise_2d(x: f32, y: f32) -> f32 {
    (0..4)
        .map(|octave| {
            let scale = 2.0_f32.powi(octave);
            noise_2d(x * scale, y * scale, 40 + octave) * 0.5_f32.powi(octave + 1)
        })
        .sum()
}
