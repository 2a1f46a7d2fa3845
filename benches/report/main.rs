//! Everything that the README shows in tables and plots, from one command:
//!
//! ```text
//! cargo bench --bench report -- --pictures DIR --out DIR [--quick]
//! ```

mod arguments;
mod codec_parts;
mod curves;
mod kodak_curves;
mod methods;
mod pictures;
mod placement;
mod quality;
mod rate_distortion;
mod scaling;
mod stages;
mod tables;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Arguments, Part};
use clap::Parser;
use pictures::Picture;

/// Result of everything here; the message says enough.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(case) = &arguments.case {
        return scaling::measure_here(case, arguments);
    }
    let Some(out) = arguments.out() else {
        println!("nothing is measured without --out DIR or --quick; see --help");
        return Ok(());
    };
    std::fs::create_dir_all(out)?;
    let pictures = Picture::load_all(arguments)?;
    if arguments.wants(Part::Curves) {
        curves::write(&pictures, out, arguments)?;
    }
    if arguments.wants(Part::Quality) {
        quality::write(&pictures, out, arguments)?;
    }
    if arguments.wants(Part::Scaling) {
        scaling::write(&pictures, out, arguments)?;
    }
    if arguments.wants(Part::RateDistortion) {
        rate_distortion::write(&pictures, out, arguments)?;
    }
    if arguments.wants(Part::CodecParts) {
        codec_parts::write(&pictures, out, arguments)?;
    }
    if arguments.wants(Part::Stages) {
        stages::write(&pictures, out, arguments)?;
    }
    if arguments.wants(Part::Placement) {
        placement::write(&pictures, out, arguments)?;
    }
    println!("written to {}", out.display());
    Ok(())
}
