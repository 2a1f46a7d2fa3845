//! Reading `.lgi` files, and pictures of either kind.

use std::time::Instant;

use lgi::backend::Backend;
use lgi::codec::{self, Scene};
use lgi::crop::crop;
use lgi::gaussians::Gaussians;
use lgi::image::{self, Image, Region, Size};
use lgi::renderer::Renderer;
use lgi::resize::resize;
use serde_json::Value;

use super::failure::Result;
use super::limits::LimitArguments;
use super::paths::Place;
use super::report::Report;

/// The Gaussians that draw a region of a scene that is `size` large as a whole.
///
/// # Errors
/// A limit of the work.
pub fn to_draw(
    scene: &Scene,
    size: Size,
    region: &Region,
    limits: &LimitArguments,
) -> Result<Gaussians> {
    let mut gaussians = resize(&scene.gaussians, scene.blend, scene.size, size);
    if region.size != size {
        gaussians = crop(&gaussians, region);
    }
    limits.for_scenes().check_pairs(&gaussians, region.size)?;
    Ok(gaussians)
}

/// Reads a picture, or draws it if it is an `.lgi` file; with the size of the file in bytes.
///
/// # Errors
/// With the path.
pub fn read_either(
    place: &Place,
    limits: &LimitArguments,
    backend: &mut dyn Backend,
) -> Result<(Image, u64)> {
    let bytes = place.read(limits.max_file_bytes())?;
    let image = if codec::is_lgi(&bytes) {
        let scene = codec::decode(&bytes, &limits.for_scenes());
        let scene = scene.map_err(|error| place.blame(error))?;
        let gaussians = to_draw(&scene, scene.size, &Region::whole(scene.size), limits)?;
        let mut renderer = Renderer::new(backend, scene.blend, scene.size);
        renderer.set(&gaussians);
        renderer.render()?
    } else {
        let loaded = image::decode(&bytes, &limits.for_pictures());
        loaded.map_err(|error| place.blame(error))?.image
    };
    Ok((image, bytes.len() as u64))
}

/// What a scene and its file tell about themselves.
pub fn report(place: &Place, scene: &Scene, bytes: u64, started: Instant) -> Report {
    let value = |key| scene.metadata.as_ref().and_then(|metadata| metadata.get(key));
    let number = |key| value(key).and_then(Value::as_u64);
    Report {
        input: place.to_string(),
        width: scene.size.width,
        height: scene.size.height,
        gaussians: Some(scene.gaussians.len()),
        iterations: number("iterations"),
        method: value("method").and_then(Value::as_str).map(str::to_owned),
        seed: number("seed"),
        bytes,
        bpp: lgi::metrics::bits_per_pixel(bytes, scene.size),
        seconds: started.elapsed().as_secs_f64(),
        ..Report::default()
    }
}
