//! A device, its queue, and what can go wrong with them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use wgpu::{Adapter, AdapterInfo, Device, DeviceType, ErrorFilter, Features, Limits, Queue};

use super::GpuOptions;
use super::capabilities::{Reduction, Tuning, wanted_features, wanted_limits};
use crate::error::{Error, Result};

/// A device with the constants that suit it.
pub(super) struct Context {
    pub(super) device: Device,
    pub(super) queue: Queue,
    pub(super) limits: Limits,
    pub(super) tuning: Tuning,
    pub(super) description: String,
    pub(super) poison: bool,
    /// Whether updates are faster here than on the host.
    pub(super) takes_updates: bool,
    /// Why the device is of no more use, once it is.
    lost: Arc<OnceLock<String>>,
}

impl Context {
    /// Opens a device of its own on `adapter`.
    pub(super) fn open(adapter: &Adapter, options: &GpuOptions) -> Result<Self> {
        let available = adapter.limits();
        let software = adapter.get_info().device_type == DeviceType::Cpu;
        let limits = match options.default_limits {
            true => Limits::default(),
            false => wanted_limits(&available),
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("lgi"),
            required_features: wanted_features(adapter.features()),
            required_limits: limits,
            // A software device shares the machine's memory: no large blocks in advance.
            memory_hints: match software {
                true => wgpu::MemoryHints::MemoryUsage,
                false => wgpu::MemoryHints::Performance,
            },
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|e| Error::Device(format!("{}: {e}", adapter.get_info().name)))?;
        let context = Self::borrow(device, queue, options);
        // The device is ours, so are its handlers: errors that no scope caught must not panic.
        let lost = Arc::clone(&context.lost);
        context.device.set_device_lost_callback(move |reason, message| {
            let _ = lost.set(format!("device lost ({reason:?}): {message}"));
        });
        let lost = Arc::clone(&context.lost);
        context.device.on_uncaptured_error(Arc::new(move |error| {
            let _ = lost.set(error.to_string());
        }));
        Ok(context)
    }

    /// Uses a device that belongs to the caller, and leaves its handlers alone.
    pub(super) fn borrow(device: Device, queue: Queue, options: &GpuOptions) -> Self {
        let info = device.adapter_info();
        let features = device.features();
        let mut tuning = options.tuning.unwrap_or_else(|| Tuning::new(&info, features));
        if tuning.reduction != Reduction::Shared && !features.contains(Features::SUBGROUP) {
            tuning = tuning.with_reduction(Reduction::Shared);
        }
        if let Some(reduction) = options.reduction {
            tuning = tuning.with_reduction(reduction);
        }
        let mut limits = device.limits();
        if let Some(bytes) = options.largest_buffer_bytes {
            limits.max_storage_buffer_binding_size =
                bytes.min(limits.max_storage_buffer_binding_size);
        }
        Self {
            limits,
            device,
            queue,
            tuning,
            description: describe(&info),
            poison: options.poison,
            takes_updates: options.takes_updates || info.device_type != DeviceType::Cpu,
            lost: Arc::default(),
        }
    }

    /// Runs `work`; whatever the device finds wrong with it becomes an error.
    pub(super) fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        if let Some(reason) = self.lost.get() {
            return Err(Error::Device(reason.clone()));
        }
        let filters = [ErrorFilter::OutOfMemory, ErrorFilter::Internal, ErrorFilter::Validation];
        let scopes = filters.map(|filter| self.device.push_error_scope(filter));
        let result = work();
        let mut fault = None;
        for scope in scopes.into_iter().rev() {
            if let Some(error) = pollster::block_on(scope.pop()) {
                fault.get_or_insert(error);
            }
        }
        match fault {
            None => result,
            Some(wgpu::Error::OutOfMemory { .. }) => {
                Err(Error::Device(format!("{} is out of memory", self.description)))
            }
            Some(error) => Err(Error::Device(error.to_string())),
        }
    }

    /// Waits until everything submitted is done and mapped.
    pub(super) fn wait(&self) -> Result<()> {
        // A device that is lost while it is waited for makes wgpu panic instead of report.
        let wait = || self.device.poll(wgpu::PollType::wait_indefinitely());
        match catch_unwind(AssertUnwindSafe(wait)) {
            Ok(Ok(_)) => match self.lost.get() {
                None => Ok(()),
                Some(reason) => Err(Error::Device(reason.clone())),
            },
            Ok(Err(error)) => Err(Error::Device(error.to_string())),
            Err(_) => {
                let _ = self.lost.set("the device was lost".into());
                Err(Error::Device("the device was lost".into()))
            }
        }
    }
}

fn describe(info: &AdapterInfo) -> String {
    let kind = match info.device_type {
        DeviceType::Cpu => ", software",
        _ => "",
    };
    format!("gpu ({}, {}{kind})", info.name, info.backend)
}
