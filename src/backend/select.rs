//! Which device to draw on: what there is, and what was asked for.

use std::cell::LazyCell;
use std::str::FromStr;

use super::Backend;
#[cfg(feature = "gpu")]
use super::gpu::adapters;
#[cfg(not(feature = "gpu"))]
use super::no_adapters as adapters;
use crate::error::{Error, Result};
use adapters::Adapter;

/// The device that a user asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A hardware GPU, else the processor.
    #[default]
    Auto,
    /// A hardware GPU or nothing; discrete ones before integrated ones.
    Gpu,
    /// The native backend on the processor.
    Cpu,
    /// A software implementation of Vulkan, such as lavapipe.
    Software,
    /// The device with this index in [`list_devices`].
    Index(usize),
    /// The first device whose name contains this, in any case.
    Name(String),
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        Ok(match text.to_ascii_lowercase().as_str() {
            "" => {
                return Err(Error::Invalid(
                    "a device is auto, gpu, cpu, software, an index or part of a name".into(),
                ));
            }
            "auto" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            "software" => Self::Software,
            _ => match text.parse() {
                Ok(index) => Self::Index(index),
                Err(_) => Self::Name(text.to_owned()),
            },
        })
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Gpu => f.write_str("gpu"),
            Self::Cpu => f.write_str("cpu"),
            Self::Software => f.write_str("software"),
            Self::Index(index) => write!(f, "{index}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What kind of device one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU inside a virtual machine.
    Virtual,
    /// A GPU that the driver does not describe.
    Other,
    /// The processor, by way of Vulkan.
    Software,
    /// The processor itself.
    Cpu,
}

impl DeviceKind {
    /// Whether it is a GPU, and not the processor in one way or another.
    pub fn is_hardware(self) -> bool {
        !matches!(self, Self::Software | Self::Cpu)
    }
}

impl std::fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Software => "software",
            Self::Cpu => "cpu",
        })
    }
}

/// A device that [`open`] can open.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Device {
    /// Place in [`list_devices`].
    pub index: usize,
    /// The driver's name for it; `cpu` for the native backend.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// `vulkan`, `metal`, `dx12`, or `native`.
    pub backend: String,
    /// Name and version of the driver, empty for the native backend.
    pub driver: String,
}

/// All devices, hardware first, the native `cpu` last.
pub fn list_devices() -> Vec<Device> {
    let mut devices: Vec<Device> = adapters::all()
        .iter()
        .enumerate()
        .map(|(index, adapter)| adapter.describe(index))
        .collect();
    devices.push(Device {
        index: devices.len(),
        name: "cpu".into(),
        kind: DeviceKind::Cpu,
        backend: "native".into(),
        driver: String::new(),
    });
    devices
}

/// The device among `devices` that [`DeviceChoice::Auto`] takes, unless it fails to open.
pub fn automatic(devices: &[Device]) -> Option<&Device> {
    devices.iter().find(|device| device.kind.is_hardware()).or(devices.last())
}

/// Opens the device that was asked for.
///
/// # Errors
/// [`Error::Device`] if there is none like it, or if it fails to open.
pub fn open(choice: &DeviceChoice) -> Result<Box<dyn Backend>> {
    let hardware = |adapter: &Adapter| adapter.kind().is_hardware();
    // Drivers take longer to ask than a picture takes to draw.
    let adapters = LazyCell::new(adapters::all);
    match choice {
        DeviceChoice::Cpu => open_cpu(),
        DeviceChoice::Auto => {
            // A driver that lists a GPU and then fails to open it is no reason to fail.
            adapters
                .iter()
                .filter(|a| hardware(a))
                .find_map(|a| a.open().ok())
                .map_or_else(open_cpu, Ok)
        }
        DeviceChoice::Gpu => match adapters.iter().find(|a| hardware(a)) {
            Some(adapter) => adapter.open(),
            None => {
                Err(Error::Device(format!("{}; use auto, cpu or software", adapters::NO_HARDWARE)))
            }
        },
        DeviceChoice::Software => adapters::software()?.open(),
        DeviceChoice::Index(index) => match adapters.get(*index) {
            Some(adapter) => adapter.open(),
            None if *index == adapters.len() => open_cpu(),
            None => Err(Error::Device(format!(
                "no device {index}; there are {}: {}",
                adapters.len() + 1,
                names()
            ))),
        },
        DeviceChoice::Name(name) => {
            let wanted = name.to_lowercase();
            match adapters.iter().find(|a| a.name().to_lowercase().contains(&wanted)) {
                Some(adapter) => adapter.open(),
                None if "cpu".contains(&wanted) => open_cpu(),
                None => {
                    Err(Error::Device(format!("no device named {name:?}; there are: {}", names())))
                }
            }
        }
    }
}

fn open_cpu() -> Result<Box<dyn Backend>> {
    Ok(Box::new(super::cpu::Cpu::new()))
}

fn names() -> String {
    let names: Vec<_> =
        list_devices().into_iter().map(|d| format!("{} {}", d.index, d.name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_and_written() {
        for (text, choice) in [
            ("auto", DeviceChoice::Auto),
            ("gpu", DeviceChoice::Gpu),
            ("cpu", DeviceChoice::Cpu),
            ("software", DeviceChoice::Software),
            ("2", DeviceChoice::Index(2)),
            ("GeForce", DeviceChoice::Name("GeForce".into())),
        ] {
            assert_eq!(text.parse::<DeviceChoice>().ok(), Some(choice.clone()));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!("CPU".parse::<DeviceChoice>().ok(), Some(DeviceChoice::Cpu));
        assert!(" ".parse::<DeviceChoice>().is_err());
    }

    #[test]
    fn auto_takes_hardware_before_the_processor() {
        let device = |index, kind| Device {
            index,
            name: String::new(),
            kind,
            backend: String::new(),
            driver: String::new(),
        };
        let (software, cpu) = (device(0, DeviceKind::Software), device(1, DeviceKind::Cpu));
        let taken = |devices: &[Device]| automatic(devices).map(|device| device.kind);
        assert_eq!(taken(&[software.clone(), cpu.clone()]), Some(DeviceKind::Cpu));
        let hardware = device(2, DeviceKind::Integrated);
        assert_eq!(taken(&[software, hardware, cpu]), Some(DeviceKind::Integrated));
    }

    #[test]
    fn the_native_backend_is_listed_last() {
        let devices = list_devices();
        assert_eq!(devices.last().map(|d| d.kind), Some(DeviceKind::Cpu));
        assert!(devices.iter().enumerate().all(|(i, d)| d.index == i));
    }
}
