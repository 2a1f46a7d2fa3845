//! Images as 2D Gaussians: fit them, store them, draw them at any size.

pub mod atomic_file;
pub mod backend;
pub mod codec;
pub mod covariance;
pub mod error;
pub mod fit;
pub mod gaussians;
pub mod image;
pub mod init;
pub mod loss;
pub mod metrics;
pub mod optim;
pub mod read_bounded;
pub mod renderer;
pub mod resize;

pub use error::{Error, Result};
pub use wgpu;
