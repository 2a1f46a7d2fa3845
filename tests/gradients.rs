//! What an optimizer sees, on every backend, against the float64 oracle: the gradient of each
//! parameter group, for all parameterisations, channel counts and blends.

use lgi::backend::cpu::Cpu;
use lgi::backend::oracle::Oracle;
use lgi::backend::select::{self, DeviceChoice};
use lgi::backend::{Backend, GEOMETRY_MOMENTS};
use lgi::blend::Blend;
use lgi::covariance::{self, Covariance};
use lgi::gaussians::Gaussians;
use lgi::image::{Image, Size};
use lgi::renderer::Renderer;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const SIZE: Size = Size::new(53, 37);
const COUNT: usize = 60;

/// Share of a group's largest gradient that a backend may be off by. float32 sums of some
/// hundred terms are good to 1e-6 to 1e-5.
const TOLERANCE: f64 = 1e-4;

fn scene(covariance: &dyn Covariance, channels: usize) -> Gaussians {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut gaussians = Gaussians::empty(channels);
    for _ in 0..COUNT {
        let mean = [random.random_range(-4.0..57.0), random.random_range(-4.0..41.0)];
        let factor = [
            random.random_range(1.0..5.0),
            random.random_range(-1.5..1.5),
            random.random_range(-1.5..1.5),
            random.random_range(2.5..5.0),
        ];
        let color: Vec<f32> = (0..channels).map(|_| random.random_range(-0.5..1.0)).collect();
        gaussians.push(mean, covariance.conform(factor), &color);
    }
    gaussians
}

fn gradient_image(channels: usize) -> Image {
    let mut image = Image::zeros(SIZE, channels);
    for (i, value) in image.data_mut().iter_mut().enumerate() {
        *value = (i as f32 * 0.37).sin() + 0.3 * (i as f32 * 0.011).cos();
    }
    image
}

/// Gradients of position, shape and colour.
fn gradients(
    backend: &mut dyn Backend,
    covariance: &dyn Covariance,
    blend: Blend,
    channels: usize,
) -> [Vec<f64>; 3] {
    let gaussians = scene(covariance, channels);
    let mut renderer = Renderer::new(backend, blend, SIZE);
    renderer.set(&gaussians);
    let moments = renderer.vjp(&gradient_image(channels)).unwrap();
    let mut groups = [vec![], vec![], vec![]];
    let rows = moments.chunks_exact(channels + GEOMETRY_MOMENTS);
    for (row, factor) in rows.zip(&gaussians.factor_px) {
        let geometry = row[channels..].try_into().unwrap();
        let (position, shape) = covariance.pull_back(*factor, geometry);
        groups[0].extend(position.map(f64::from));
        groups[1].extend(shape.map(f64::from));
        groups[2].extend(row[..channels].iter().map(|v| f64::from(*v)));
    }
    groups
}

fn agrees_with_the_oracle(backend: &mut dyn Backend) {
    for covariance in covariance::ALL {
        for blend in [Blend::Additive, Blend::Normalized { epsilon: 0.01 }] {
            for channels in [1, 3, 4] {
                let expected = gradients(&mut Oracle, *covariance, blend, channels);
                let given = gradients(backend, *covariance, blend, channels);
                for (group, (expected, given)) in expected.iter().zip(&given).enumerate() {
                    let largest = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
                    for (expected, given) in expected.iter().zip(given) {
                        let error = (expected - given).abs() / largest;
                        assert!(
                            error <= TOLERANCE,
                            "{}: {}, {blend:?}, {channels} channels, group {group}: {given}, \
                             not {expected}, is off by {error:e} of the largest",
                            backend.description(),
                            covariance.name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_native_backend_gives_the_oracles_gradients() {
    agrees_with_the_oracle(&mut Cpu::new());
}

#[test]
fn software_vulkan_gives_the_oracles_gradients() {
    let mut backend = select::open(&DeviceChoice::Software).expect(
        "these tests need a Vulkan device; on Debian and Ubuntu install mesa-vulkan-drivers",
    );
    agrees_with_the_oracle(backend.as_mut());
}
