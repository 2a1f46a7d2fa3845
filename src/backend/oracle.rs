//! The slow float64 backend: every pixel of every Gaussian, no cut corners. For tests.

use super::{Backend, Splats, check_channels, check_tangent};
use crate::error::Result;
use crate::gaussians::SUPPORT_Q;
use crate::image::{Image, Size};

/// Plain loops in float64 over all pixels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oracle;

/// One splat in float64, at one pixel: value and offset, or nothing outside the support.
fn sample(splats: &Splats, index: usize, x: usize, y: usize) -> Option<(f64, f64, f64)> {
    let [mean_x, mean_y] = splats.mean_px[index].map(f64::from);
    let [a, b, c] = splats.conic[index].map(f64::from);
    let (dx, dy) = (x as f64 + 0.5 - mean_x, y as f64 + 0.5 - mean_y);
    let q = a * dx * dx + 2.0 * b * dx * dy + c * dy * dy;
    (q <= f64::from(SUPPORT_Q)).then(|| ((-0.5 * q).exp(), dx, dy))
}

impl Oracle {
    /// [`Backend::jvp`] in float64, shape `[C, H, W]`.
    pub fn jvp_f64(&self, splats: &Splats, tangent: &[f64], size: Size) -> Vec<f64> {
        let channels = splats.channels;
        let mut picture = vec![0.0; size.pixels() * channels];
        for index in 0..splats.len() {
            let stride = splats.moments_per_splat();
            let (color, geometry) = tangent[index * stride..][..stride].split_at(channels);
            for y in 0..size.height {
                for x in 0..size.width {
                    let Some((g, dx, dy)) = sample(splats, index, x, y) else { continue };
                    let [t_x, t_y, t_xx, t_xy, t_yy] = geometry.try_into().unwrap_or([0.0; 5]);
                    let shape =
                        t_x * dx + t_y * dy + t_xx * dx * dx + t_xy * dx * dy + t_yy * dy * dy;
                    for channel in 0..channels {
                        let c = f64::from(splats.color_of(index)[channel]);
                        picture[(channel * size.height + y) * size.width + x] +=
                            g * (color[channel] + c * shape);
                    }
                }
            }
        }
        picture
    }

    /// [`Backend::render`] in float64, shape `[C, H, W]`.
    pub fn render_f64(&self, splats: &Splats, size: Size) -> Vec<f64> {
        self.jvp_f64(splats, &colors_as_tangent(splats), size)
    }

    /// [`Backend::vjp`] in float64, `[N, C + 5]`; `gradient` has shape `[C, H, W]`.
    pub fn vjp_f64(&self, splats: &Splats, gradient: &[f64], size: Size) -> Vec<f64> {
        let channels = splats.channels;
        let stride = splats.moments_per_splat();
        let mut moments = vec![0.0; splats.len() * stride];
        for (index, out) in moments.chunks_exact_mut(stride).enumerate() {
            for y in 0..size.height {
                for x in 0..size.width {
                    let Some((g, dx, dy)) = sample(splats, index, x, y) else { continue };
                    let mut h = 0.0;
                    for channel in 0..channels {
                        let value = gradient[(channel * size.height + y) * size.width + x];
                        out[channel] += g * value;
                        h += value * f64::from(splats.color_of(index)[channel]);
                    }
                    let products = [dx, dy, dx * dx, dx * dy, dy * dy];
                    for (sum, product) in out[channels..].iter_mut().zip(products) {
                        *sum += g * h * product;
                    }
                }
            }
        }
        moments
    }
}

/// The picture is linear in the colours: rendering is the derivative along them.
fn colors_as_tangent(splats: &Splats) -> Vec<f64> {
    let stride = splats.moments_per_splat();
    let mut tangent = vec![0.0; splats.len() * stride];
    for (index, out) in tangent.chunks_exact_mut(stride).enumerate() {
        for (value, color) in out.iter_mut().zip(splats.color_of(index)) {
            *value = f64::from(*color);
        }
    }
    tangent
}

fn to_f32(values: Vec<f64>) -> Vec<f32> {
    values.into_iter().map(|v| v as f32).collect()
}

fn to_f64(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

impl Backend for Oracle {
    fn description(&self) -> &str {
        "oracle (float64)"
    }

    fn render(&mut self, splats: &Splats, size: Size) -> Result<Image> {
        Image::from_planar(size, splats.channels, to_f32(self.render_f64(splats, size)))
    }

    fn vjp(&mut self, splats: &Splats, gradient: &Image) -> Result<Vec<f32>> {
        check_channels(splats, gradient)?;
        Ok(to_f32(self.vjp_f64(splats, &to_f64(gradient.data()), gradient.size())))
    }

    fn jvp(&mut self, splats: &Splats, tangent: &[f32], size: Size) -> Result<Image> {
        check_tangent(splats, tangent)?;
        let picture = self.jvp_f64(splats, &to_f64(tangent), size);
        Image::from_planar(size, splats.channels, to_f32(picture))
    }
}
