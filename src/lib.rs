//! Images as 2D Gaussians: fit them on any GPU or none, store them, draw them at any size.
//!
//! # Model
//!
//! A picture is a sum of N anisotropic Gaussians,
//!
//! ```text
//! I(p) = sum_i c_i exp(-q_i(p) / 2),   q_i(p) = (p - mu_i)^T Sigma_i^-1 (p - mu_i)
//! ```
//!
//! each cut off hard where `q_i > 11` ([`gaussians::SUPPORT_Q`]). Colours are signed and the sum
//! has no order: no opacity, no depth, no sorting ("accumulated summation", GaussianImage, ECCV
//! 2024). So the picture is linear in the colours, and the gradient of every Gaussian needs only
//! the gradient image. The normalized blend divides by the coverage ([`blend::Blend`]).
//!
//! # Conventions
//!
//! - Pixel centres lie at integer + 0.5, x to the right, y down, the origin in the top-left
//!   corner. Positions and standard deviations are pixels of the fitted picture.
//! - Values are the picture's own encoded values (sRGB in, sRGB out) scaled to 0..1.
//! - Images are planar, `[C, H, W]`; C is 1 (gray), 3 (RGB) or 4 (RGBA).
//! - `Sigma = L L^T` with a row-major factor `L`; every parameterisation works on `L`.
//! - The same seed, device and binary give the same bytes.
//! - The library never prints, never exits, and never panics on data.
//!
//! # A pixel's way through the program
//!
//! 1. [`image`] reads a picture into planar `f32`.
//! 2. [`init`] places the first Gaussians where the picture has detail and solves their colours.
//! 3. [`fit::Fitter`] loops. [`renderer::Renderer`] turns Gaussians into
//!    [`backend::Splats`] (centre, conic, colour), and a [`backend::Backend`] draws them, compares
//!    with the target ([`loss`]), and sums `C + 5` moments for every Gaussian.
//! 4. [`covariance`] turns moments into gradients in the coordinates of a parameterisation;
//!    [`optim`] turns gradients into steps; [`covariance`] moves the Gaussians along them.
//! 5. [`codec`] writes the best state into an `.lgi` file, or `image` writes the rendered picture.
//!    For a coded file, [`compress`] quantises the fitted Gaussians and searches for the integers
//!    that are worth their bits.
//! 6. Decoding reads the file within limits, scales the Gaussians ([`resize`]), leaves out those that
//!    a part of the picture has no use for ([`crop`]), and draws them.
//!
//! [`experiment`] and [`tune`] are above: grids of fits with a report, and searches for settings.
//!
//! Dependencies point one way: `image`, `gaussians`, `covariance`, `metrics` and `codec` know no
//! backend; `backend` knows no optimizer; `optim` knows neither; `fit` joins them; the command is
//! on top.
//!
//! # In a program of your own
//!
//! [`backend::gpu::Gpu::from_device`] takes a `wgpu` device and queue that your program already
//! has; `wgpu` itself is re-exported. See [`fit`] for the loop.

#![forbid(unsafe_code)]

pub mod atomic_file;
pub mod backend;
pub mod blend;
pub mod codec;
pub mod compress;
pub mod covariance;
pub mod crop;
pub mod density;
pub mod error;
#[cfg(feature = "experiment")]
pub mod experiment;
pub mod fit;
mod gaussian_values;
pub mod gaussians;
pub mod image;
pub mod image_hook;
pub mod init;
pub mod learned;
pub mod loss;
pub mod metrics;
mod neighbours;
mod normal;
pub mod optim;
#[cfg(feature = "experiment")]
pub mod plots;
pub mod read_bounded;
pub mod renderer;
pub mod resize;
pub mod side_by_side;
pub mod strategy;
pub mod strips;
pub mod transport;
pub mod tune;

pub use error::{Error, Result};
#[cfg(feature = "gpu")]
pub use wgpu;
