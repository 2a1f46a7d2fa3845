//! In place of `gpu::adapters` where the library was built without its feature `gpu`.

use super::Backend;
use super::select::{Device, DeviceKind};
use crate::error::{Error, Result};

/// What is the matter where no hardware is found.
pub(super) const NO_HARDWARE: &str = "this build has no GPU backend (feature `gpu`)";

/// There are none.
#[derive(Debug)]
pub(super) enum Adapter {}

impl Adapter {
    pub(super) fn name(&self) -> String {
        match *self {}
    }

    pub(super) fn kind(&self) -> DeviceKind {
        match *self {}
    }

    pub(super) fn describe(&self, _: usize) -> Device {
        match *self {}
    }

    pub(super) fn open(&self) -> Result<Box<dyn Backend>> {
        match *self {}
    }
}

/// None.
pub(super) fn all() -> Vec<Adapter> {
    Vec::new()
}

/// An error.
///
/// # Errors
/// [`Error::Device`], always.
pub(super) fn software() -> Result<Adapter> {
    Err(Error::Device(NO_HARDWARE.into()))
}
