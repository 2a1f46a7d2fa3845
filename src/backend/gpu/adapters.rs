//! What `wgpu` finds on this machine.

use wgpu::{Backends, DeviceType, Instance, InstanceDescriptor, InstanceFlags};

use super::Gpu;
use crate::backend::Backend;
use crate::backend::select::{Device, DeviceKind};
use crate::error::{Error, Result};

/// What is the matter where no hardware is found.
pub(crate) const NO_HARDWARE: &str = "no hardware GPU with Vulkan, Metal or DirectX 12 found";

/// What brings software Vulkan, for messages.
const SOFTWARE_PACKAGE: &str =
    "install software Vulkan (package mesa-vulkan-drivers on Debian and Ubuntu)";

/// An adapter that can compute.
#[derive(Debug)]
pub(crate) struct Adapter(wgpu::Adapter);

impl Adapter {
    /// The driver's name for it.
    pub(crate) fn name(&self) -> String {
        self.0.get_info().name
    }

    /// What it is.
    pub(crate) fn kind(&self) -> DeviceKind {
        match self.0.get_info().device_type {
            DeviceType::DiscreteGpu => DeviceKind::Discrete,
            DeviceType::IntegratedGpu => DeviceKind::Integrated,
            DeviceType::VirtualGpu => DeviceKind::Virtual,
            DeviceType::Cpu => DeviceKind::Software,
            DeviceType::Other => DeviceKind::Other,
        }
    }

    /// As it is listed.
    pub(crate) fn describe(&self, index: usize) -> Device {
        let info = self.0.get_info();
        let driver = format!("{} {}", info.driver, info.driver_info);
        Device {
            index,
            name: info.name,
            kind: self.kind(),
            backend: info.backend.to_str().to_owned(),
            driver: driver.trim().to_owned(),
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Box<dyn Backend>> {
        Ok(Box::new(Gpu::new(&self.0)?))
    }
}

/// All adapters: discrete, integrated, virtual, other, software; else in the drivers' order.
pub(crate) fn all() -> Vec<Adapter> {
    let mut descriptor = InstanceDescriptor::new_without_display_handle();
    descriptor.backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    descriptor.flags = InstanceFlags::empty();
    let instance = Instance::new(descriptor);
    let mut adapters = pollster::block_on(instance.enumerate_adapters(Backends::all()));
    // A driver without compute cannot be used at all.
    adapters.retain(|adapter| {
        let flags = adapter.get_downlevel_capabilities().flags;
        flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
    });
    let mut adapters: Vec<Adapter> = adapters.into_iter().map(Adapter).collect();
    adapters.sort_by_key(|adapter| adapter.kind() as u8);
    adapters
}

/// The first software adapter, or the error that names the package that brings one.
///
/// # Errors
/// [`Error::Device`] if there is none.
pub(crate) fn software() -> Result<Adapter> {
    all()
        .into_iter()
        .find(|adapter| adapter.kind() == DeviceKind::Software)
        .ok_or_else(|| Error::Device(format!("no software adapter found; {SOFTWARE_PACKAGE}")))
}

/// That adapter as tests want it.
///
/// # Errors
/// [`Error::Device`] if there is none.
#[doc(hidden)]
pub fn software_adapter() -> Result<wgpu::Adapter> {
    software().map(|adapter| adapter.0)
}
