//! The scene of the benchmarks: Gaussians spread evenly over a picture of 768 x 512, each about
//! as large as its share of the picture.
#![allow(dead_code)]

use std::sync::Arc;

use lgi::backend::Splats;
use lgi::gaussians::SUPPORT_Q;
use lgi::image::{Image, Size};

/// Size of the picture.
pub const SIZE: Size = Size::new(768, 512);

/// Numbers of Gaussians.
pub const COUNTS: [usize; 3] = [1000, 5000, 20_000];

/// What a backend is measured with.
pub struct UniformScene {
    pub splats: Splats,
    pub target: Arc<Image>,
    /// A tangent `[N, C + 5]`.
    pub tangent: Vec<f32>,
    /// Pixel-Gaussian pairs inside the support.
    pub pairs: u64,
}

/// xorshift64*; the same scene on every machine.
struct Random(u64);

impl Random {
    fn between(&mut self, low: f32, high: f32) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40;
        low + (high - low) * (bits as f32 / (1u64 << 24) as f32)
    }
}

impl UniformScene {
    pub fn new(count: usize) -> Self {
        let mut random = Random(77);
        let mut splats = Splats { channels: 3, ..Splats::default() };
        let share_px = (SIZE.pixels() as f32 / count as f32).sqrt();
        for _ in 0..count {
            let stretch = random.between(-0.7, 0.7);
            let sigma = 0.7 * share_px * random.between(-0.4, 0.4).exp();
            let [first, second] = [stretch, -stretch].map(|s| (sigma * s.exp()).powi(-2));
            let (sin, cos) = random.between(0.0, std::f32::consts::PI).sin_cos();
            let a = cos * cos * first + sin * sin * second;
            let b = sin * cos * (first - second);
            let c = sin * sin * first + cos * cos * second;
            let scale = SUPPORT_Q / (first * second);
            splats.conic.push([a, b, c]);
            splats.reach_px.push([(c * scale).sqrt(), (a * scale).sqrt()]);
            let mean_x = random.between(0.0, SIZE.width as f32);
            splats.mean_px.push([mean_x, random.between(0.0, SIZE.height as f32)]);
            splats.color.extend([0; 3].map(|_| random.between(-0.2, 0.6)));
        }
        let tangent = vec![1e-3; count * splats.moments_per_splat()];
        let pairs = (0..count).map(|index| pairs_of(&splats, index)).sum();
        Self { splats, target: target(), tangent, pairs }
    }
}

/// Pixels inside the support of one splat.
fn pairs_of(splats: &Splats, index: usize) -> u64 {
    let ([mean_x, mean_y], [a, b, c]) = (splats.mean_px[index], splats.conic[index]);
    let [reach_x, reach_y] = splats.reach_px[index];
    let range = |mean: f32, reach: f32, end: usize| {
        (mean - reach).max(0.0) as usize..((mean + reach + 1.0) as usize).min(end)
    };
    let mut pairs = 0;
    for y in range(mean_y, reach_y, SIZE.height) {
        for x in range(mean_x, reach_x, SIZE.width) {
            let (dx, dy) = (x as f32 + 0.5 - mean_x, y as f32 + 0.5 - mean_y);
            pairs += u64::from(a * dx * dx + 2.0 * b * dx * dy + c * dy * dy <= SUPPORT_Q);
        }
    }
    pairs
}

/// Smooth waves in three colours.
fn target() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for pixel in 0..SIZE.pixels() {
        let (x, y) = ((pixel % SIZE.width) as f32, (pixel / SIZE.width) as f32);
        let color = [
            0.5 + 0.4 * (x * 0.031 + y * 0.01).sin(),
            0.5 + 0.4 * (y * 0.027).cos(),
            0.3 + 0.2 * ((x + y) * 0.05).sin(),
        ];
        for (channel, value) in color.into_iter().enumerate() {
            image.plane_mut(channel)[pixel] = value;
        }
    }
    Arc::new(image)
}
