//! The `lgi` command.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    quiet_device_selection();
    cli::main(std::env::args_os().collect())
}

/// Mesa's device-selection layer asks Wayland which device the desktop uses, and where there is
/// no desktop Wayland's library writes an error to standard error. There the layer is no use.
fn quiet_device_selection() {
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread runs yet that could read or write the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
