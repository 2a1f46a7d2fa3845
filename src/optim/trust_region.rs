//! How far one Gaussian may move in one step.

use super::Groups;

/// Bounds of a step in the body frame, for each Gaussian by itself: beyond them the quadratic
/// model of a Gaussian is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrustRegion {
    /// Largest move of the centre, in its own standard deviations.
    pub position: f32,
    /// Largest Frobenius norm of `S`.
    pub shape: f32,
}

impl Default for TrustRegion {
    fn default() -> Self {
        Self { position: 0.5, shape: 0.4 }
    }
}

impl TrustRegion {
    /// Shortens the moves and the changes of shape that are too long. Colours are not touched:
    /// the picture is linear in them.
    pub fn clip(self, step: &mut Groups) {
        for position in step.position.chunks_exact_mut(2) {
            let norm = position[0].hypot(position[1]);
            if norm > self.position {
                position.iter_mut().for_each(|v| *v *= self.position / norm);
            }
        }
        for shape in step.shape.chunks_exact_mut(3) {
            let [p, q, r] = [shape[0], shape[1], shape[2]];
            let norm = (p * p + 2.0 * q * q + r * r).sqrt();
            if norm > self.shape {
                shape.iter_mut().for_each(|v| *v *= self.shape / norm);
            }
        }
    }
}
