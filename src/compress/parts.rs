//! The parts of the encoder that can be left out.

/// Which parts of the encoder work: all of them, except to see what one of them pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The coarse grid of colours under the Gaussians.
    pub base_layer: bool,
    /// The penalty on the rate during fits.
    pub rate_penalty: bool,
    /// The search for better integers.
    pub search: bool,
    /// Rounds that add Gaussians and fit anew what was quantised.
    pub refitting: bool,
    /// A basis of colours of the picture's own.
    pub color_basis: bool,
    /// Rounding group by group in the end, the others fitted anew after each.
    pub groups: bool,
}

impl Parts {
    /// All of them.
    pub const ALL: Self = Self {
        base_layer: true,
        rate_penalty: true,
        search: true,
        refitting: true,
        color_basis: true,
        groups: true,
    };
}

impl Default for Parts {
    fn default() -> Self {
        Self::ALL
    }
}
