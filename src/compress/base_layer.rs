//! The base layer of a picture, and what is left to the atoms.

use std::sync::Arc;

use crate::backend::Backend;
use crate::blend::Blend;
use crate::codec::coded::atom::{MAX_COMPONENT, MAX_COMPONENTS};
use crate::codec::coded::{Basis, Coded};
use crate::error::Result;
use crate::gaussians::Gaussians;
use crate::image::Image;
use crate::init::solve_colors;
use crate::renderer::Renderer;

/// Conjugate-gradient steps of the solve.
const ITERATIONS: usize = 8;

/// Logarithm to base 2 of the grid's spacing in pixels.
pub const SPACING: u8 = 6;

/// The colours that fit best, before they are quantised.
pub struct BaseLayer {
    gaussians: Gaussians,
}

impl BaseLayer {
    /// Solves for the colours of a picture's base layer.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn fit(backend: &mut dyn Backend, image: &Image) -> Result<Self> {
        let empty = empty(image, 0);
        let positions = empty.grid().count();
        let coded = Coded { base: vec![[0; MAX_COMPONENTS]; positions], ..empty };
        let mut gaussians = coded.gaussians();
        let mut renderer = Renderer::new(backend, Blend::Additive, image.size());
        solve_colors(&mut renderer, &mut gaussians, image, ITERATIONS)?;
        Ok(Self { gaussians })
    }

    /// A base layer that draws nothing.
    pub fn none(image: &Image) -> Self {
        let empty = empty(image, 0);
        let base = vec![[0; MAX_COMPONENTS]; empty.grid().count()];
        Self { gaussians: Coded { base, ..empty }.gaussians() }
    }

    /// A coded picture that has nothing but this layer, quantised for a colour step.
    pub fn quantize(&self, image: &Image, basis: Basis, step: u8) -> Coded {
        let mut coded = Coded { basis, ..empty(image, step) };
        let unit = coded.base_amplitude() as f32;
        let quantize =
            |v: f32| (v / unit).round().clamp(-MAX_COMPONENT as f32, MAX_COMPONENT as f32) as i32;
        let components = basis.components();
        let color = |index: usize| components(self.gaussians.color_of(index)).map(quantize);
        coded.base = (0..self.gaussians.len()).map(color).collect();
        coded
    }
}

fn empty(image: &Image, step: u8) -> Coded {
    Coded {
        size: image.size(),
        channels: image.channels(),
        step,
        spacing: SPACING,
        basis: Basis::default(),
        base: Vec::new(),
        atoms: Vec::new(),
    }
}

/// `image` minus what `gaussians` draw.
///
/// # Errors
/// Those of the backend.
pub fn without(
    backend: &mut dyn Backend,
    image: &Image,
    gaussians: &Gaussians,
) -> Result<Arc<Image>> {
    let mut renderer = Renderer::new(backend, Blend::Additive, image.size());
    renderer.set(gaussians);
    let mut rest = renderer.render()?;
    for (value, wanted) in rest.data_mut().iter_mut().zip(image.data()) {
        *value = wanted - *value;
    }
    Ok(Arc::new(rest))
}
