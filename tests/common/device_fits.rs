//! Small fits on a device, for tests of where updates are made.
//!
//! Use with `#[path = "common/device_fits.rs"] mod device_fits;`.

use std::sync::Arc;

use lgi::backend::gpu::{Gpu, GpuOptions, software_adapter};
use lgi::fit::{Checkpoint, FitOptions, Fitter, Placement, StopReason, StopRules};
use lgi::image::{Image, Size};
use lgi::optim::OptimizerOptions;

pub const SIZE: Size = Size::new(48, 40);

/// A gpu backend on software Vulkan, every buffer of which is filled with what is no result.
pub fn gpu() -> Gpu {
    with(GpuOptions { poison: true, ..GpuOptions::default() })
}

pub fn with(options: GpuOptions) -> Gpu {
    let adapter = software_adapter().unwrap_or_else(|error| panic!("{error}"));
    Gpu::with_options(&adapter, &options).unwrap_or_else(|error| panic!("{error}"))
}

pub fn picture() -> Arc<Image> {
    let mut image = Image::zeros(SIZE, 3);
    for channel in 0..3 {
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let (u, v) = (x as f32 * 0.32, y as f32 * 0.27 + channel as f32);
                let edge = if x + 2 * y > 70 { 0.2 } else { 0.0 };
                let value = 0.4 + 0.25 * u.sin() * v.cos() + edge;
                image.plane_mut(channel)[y * SIZE.width + x] = value;
            }
        }
    }
    Arc::new(image)
}

pub fn options(method: &str, placement: Placement) -> FitOptions {
    FitOptions {
        gaussians: 40,
        optimizer: OptimizerOptions::of(method).unwrap(),
        stop: StopRules { iterations: 50, ..StopRules::default() },
        placement,
        ..FitOptions::default()
    }
}

/// Fits to the end: PSNR, reason, and the checkpoint without what a clock says.
pub fn fitted(gpu: &mut Gpu, options: FitOptions) -> (f64, StopReason, serde_json::Value) {
    let mut fitter = Fitter::new(gpu, picture(), options).unwrap();
    let stop = loop {
        if let Some(stop) = fitter.step().unwrap().stop {
            break stop;
        }
    };
    (fitter.best().psnr_db, stop, without_time(&fitter.checkpoint()))
}

pub fn without_time(checkpoint: &Checkpoint) -> serde_json::Value {
    let mut value = serde_json::to_value(checkpoint).unwrap();
    value["state"]["seconds"] = 0.into();
    value
}
