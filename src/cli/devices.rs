//! `lgi devices`: where can be computed.

use clap::Args;
use lgi::backend::select::{Device, automatic, list_devices};
use serde::Serialize;

use super::failure::Result;
use super::{output, report};

/// List the devices that --device can choose
///
/// By index, by part of a name, or by kind: `gpu` is any hardware GPU, `software` a software
/// implementation of Vulkan, `cpu` the native backend that needs no driver. `auto` takes a
/// hardware GPU where there is one, else `cpu`.
#[derive(Args, Debug)]
pub struct DevicesArguments {
    /// Write one JSON object per device to standard output
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    device: &'a Device,
    /// Whether `--device auto` takes this one.
    auto: bool,
}

/// Lists all devices.
///
/// # Errors
/// As [`output::line`].
pub fn run(arguments: &DevicesArguments) -> Result<()> {
    let devices = list_devices();
    let chosen = automatic(&devices).map(|device| device.index);
    for device in &devices {
        let auto = chosen == Some(device.index);
        if arguments.json {
            report::json(&Listed { device, auto })?;
        } else {
            output::line(&line(device, auto))?;
        }
    }
    Ok(())
}

fn line(device: &Device, auto: bool) -> String {
    let Device { index, name, kind, backend, driver } = device;
    let driver = if driver.is_empty() { String::new() } else { format!(", {driver}") };
    let auto = if auto { " (auto)" } else { "" };
    format!("{index}: {name}: {kind}, {backend}{driver}{auto}")
}
