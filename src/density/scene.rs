//! What density control goes by.

use crate::blend::Normalized;
use crate::gaussians::Gaussians;
use crate::image::Image;

/// Gaussians and what they draw.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The Gaussians that were drawn.
    pub gaussians: &'a Gaussians,
    /// The picture drawn minus the picture wanted, `[C, H, W]`.
    pub residual: &'a Image,
    /// The picture drawn, where the blend is normalized.
    pub normalized: Option<&'a Normalized>,
}
