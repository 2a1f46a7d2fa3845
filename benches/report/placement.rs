//! Seconds of an iteration with updates on the host and on the device, side by side.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lgi::fit::{FitOptions, Fitter, Placement, StopRules};
use lgi::optim::OptimizerOptions;
use serde::Serialize;

use crate::Result;
use crate::arguments::Arguments;
use crate::pictures::Picture;
use crate::tables::{Table, grouped};

/// Rounds of each placement, by turns; the first does not count.
const ROUNDS: usize = 8;

/// Iterations of a round.
const ITERATIONS: u64 = 16;

/// The methods: one that remembers two numbers of each, one that looks at the parameters too, and
/// the default.
const METHODS: [&str; 3] = ["adam", "adamw", "lbfgs"];

#[derive(Serialize)]
struct Row<'a> {
    device: &'a str,
    picture: &'a str,
    method: &'a str,
    gaussians: usize,
    host_ms: f64,
    device_ms: f64,
    /// Of the host's time, by which the device's is shorter.
    host_over_device: f64,
}

/// Writes `placement.csv`: the first picture, at each number of Gaussians.
///
/// # Errors
/// Those of fitting and writing; also where the device takes no updates.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let mut table = Table::create(&out.join("placement.csv"))?;
    let mut backends = [arguments.open()?, arguments.open()?];
    if backends[0].descent().is_none() {
        println!("{} takes no updates: nothing to compare", backends[0].description());
        return Ok(());
    }
    let device = backends[0].description().to_owned();
    let Some(picture) = pictures.first() else { return Ok(()) };
    for (method, gaussians) in
        METHODS.into_iter().flat_map(|method| arguments.counts().iter().map(move |n| (method, *n)))
    {
        let [first, second] = &mut backends;
        let start = |backend, placement| {
            let stop =
                StopRules { iterations: ITERATIONS * ROUNDS as u64 + 1, ..StopRules::default() };
            let optimizer = OptimizerOptions::of(method)?;
            let options =
                FitOptions { gaussians, optimizer, stop, placement, ..FitOptions::default() };
            Fitter::new(backend, Arc::clone(&picture.target), options)
        };
        let mut fitters =
            [start(first.as_mut(), Placement::Host)?, start(second.as_mut(), Placement::Device)?];
        let mut milliseconds = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            for (fitter, times) in fitters.iter_mut().zip(&mut milliseconds) {
                let (started, before) = (Instant::now(), fitter.iteration());
                while fitter.iteration() < before + ITERATIONS {
                    fitter.step()?;
                }
                let made = (fitter.iteration() - before) as f64;
                if round > 0 {
                    times.push(1e3 * started.elapsed().as_secs_f64() / made);
                }
            }
        }
        let [host_ms, device_ms] = milliseconds.map(median);
        let row = Row {
            device: &device,
            picture: &picture.name,
            method,
            gaussians,
            host_ms,
            device_ms,
            host_over_device: host_ms / device_ms,
        };
        println!(
            "{device}, {method}, N = {}: {host_ms:.2} ms an iteration with updates on the host, \
             {device_ms:.2} on the device, ratio {:.2}",
            grouped(gaussians),
            row.host_over_device
        );
        table.add(&row)?;
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
