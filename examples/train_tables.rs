//! Learns the tables that coded streams start with from pictures, and stores them.
//!
//! ```text
//! cargo run --release --example train_tables -- src/codec/coded/trained.bin PICTURE...
//! ```
//!
//! Every picture is encoded at four colour steps; what the model learns from coarse and fine
//! ones first weighs less than what it learns from the usual ones last. The encoder does not use
//! the tables here, so that the result depends on nothing but the pictures, their order and the
//! version of this program.

use std::path::PathBuf;
use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::codec::coded::{Coded, Order, train};
use lgi::compress::{CompressOptions, Effort, Parts, Target, compress};
use lgi::fit::Quality;
use lgi::image::{Limits, load};

/// Colour steps, the most usual last.
const STEPS: [f64; 4] = [0.77, 0.27, 0.54, 0.385];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let output = arguments.next().ok_or("usage: train_tables OUTPUT PICTURE...")?;
    let pictures: Vec<PathBuf> = arguments.collect();
    let mut backend = Cpu::new();
    let mut coded: Vec<Coded> = Vec::new();
    for step in STEPS {
        for path in &pictures {
            let image = Arc::new(load(path, &Limits::default())?.image);
            let options = CompressOptions {
                parts: Parts::default(),
                target: Target::Step(step),
                order: Order::Sequential,
                effort: Effort::of(Quality::Fast),
                seed: 0,
            };
            coded.push(compress(&mut backend, &image, &options)?);
            println!(
                "{} at {step}: {} Gaussians",
                path.display(),
                coded[coded.len() - 1].atoms.len()
            );
        }
    }
    let tables = train(&coded)?;
    println!("{} bytes of tables", tables.len());
    std::fs::write(output, tables)?;
    Ok(())
}
