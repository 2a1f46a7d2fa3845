//! Seconds of each stage of a fit, on every backend's own clock.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lgi::backend::StageTime;
use lgi::fit::{FitOptions, Fitter, Quality};
use serde::Serialize;

use crate::Result;
use crate::arguments::Arguments;
use crate::pictures::Picture;
use crate::tables::{Table, grouped};

/// What is no stage of the backend: the optimizer, the blend, density control.
const HOST: &str = "host";

#[derive(Serialize)]
struct Row<'a> {
    picture: &'a str,
    gaussians: usize,
    iterations: u64,
    stage: &'static str,
    seconds: f64,
    /// Of the whole fit. Stages with a slash are parts of others.
    share: f64,
    calls: u64,
}

/// Writes `stages.csv`: the first picture by the shortest preset, at each number of Gaussians.
///
/// # Errors
/// Those of fitting and writing.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let mut table = Table::create(&out.join("stages.csv"))?;
    let mut backend = arguments.open()?;
    for (picture, count) in pictures
        .iter()
        .take(1)
        .flat_map(|picture| arguments.counts().iter().map(move |count| (picture, *count)))
    {
        let mut options = FitOptions { gaussians: count, ..FitOptions::default() };
        Quality::Draft.apply(&mut options);
        backend.profile(true);
        let started = Instant::now();
        let mut fitter = Fitter::new(backend.as_mut(), Arc::clone(&picture.target), options)?;
        let iterations = loop {
            let progress = fitter.step()?;
            if progress.stop.is_some() {
                break progress.iteration;
            }
        };
        drop(fitter);
        let whole_s = started.elapsed().as_secs_f64();
        let mut stages = backend.timings();
        let known_s: f64 =
            stages.iter().filter(|s| !s.stage.contains('/')).map(|s| s.seconds).sum();
        let seconds = (whole_s - known_s).max(0.0);
        stages.push(StageTime { stage: HOST, seconds, calls: 1 });
        println!("N = {}, stage by stage: {whole_s:.1} s", grouped(count));
        for StageTime { stage, seconds, calls } in stages {
            let (picture, share) = (picture.name.as_str(), seconds / whole_s);
            let gaussians = count;
            table.add(&Row { picture, gaussians, iterations, stage, seconds, share, calls })?;
        }
    }
    backend.profile(false);
    Ok(())
}
