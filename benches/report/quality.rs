//! PSNR and seconds by number of Gaussians and preset.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lgi::backend::Backend;
use lgi::fit::{FitOptions, Fitter, Quality};
use serde::Serialize;

use crate::Result;
use crate::arguments::Arguments;
use crate::pictures::Picture;
use crate::tables::{Table, grouped, markdown, mean};

#[derive(Serialize)]
struct Row<'a> {
    picture: &'a str,
    gaussians: usize,
    preset: &'static str,
    iterations: u64,
    psnr_db: f64,
    seconds: f64,
}

/// Writes `quality.csv`, picture by picture, and `quality.md`, the means.
///
/// # Errors
/// Those of fitting and writing.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let (counts, presets) = (arguments.counts(), arguments.presets());
    let mut table = Table::create(&out.join("quality.csv"))?;
    let mut backend = arguments.open()?;
    let mut lines = Vec::new();
    for preset in presets {
        let mut line = vec![format!("`-q {}`", preset.name())];
        for count in counts {
            let mut rows = Vec::new();
            for picture in pictures {
                rows.push(fit(backend.as_mut(), picture, *count, *preset)?);
                table.add(&rows[rows.len() - 1])?;
            }
            let psnr_db = mean(rows.iter().map(|row| row.psnr_db));
            let seconds = mean(rows.iter().map(|row| row.seconds));
            let cell = format!("{psnr_db:.2} dB, {seconds:.1} s");
            println!("N = {}, {}: {cell}", grouped(*count), preset.name());
            line.push(cell);
        }
        lines.push(line);
    }
    let mut header = vec![String::new()];
    header.extend(counts.iter().map(|count| format!("N = {}", grouped(*count))));
    let text = format!(
        "{}\nMean PSNR and seconds a picture; {} of them, on {}.\n",
        markdown(&header, &lines),
        pictures.len(),
        backend.description()
    );
    Ok(std::fs::write(out.join("quality.md"), text)?)
}

fn fit<'a>(
    backend: &mut dyn Backend,
    picture: &'a Picture,
    gaussians: usize,
    preset: Quality,
) -> Result<Row<'a>> {
    let mut options = FitOptions { gaussians, ..FitOptions::default() };
    preset.apply(&mut options);
    let started = Instant::now();
    let mut fitter = Fitter::new(backend, Arc::clone(&picture.target), options)?;
    let iterations = loop {
        let progress = fitter.step()?;
        if progress.stop.is_some() {
            break progress.iteration;
        }
    };
    Ok(Row {
        picture: &picture.name,
        gaussians,
        preset: preset.name(),
        iterations,
        psnr_db: fitter.best().psnr_db,
        seconds: started.elapsed().as_secs_f64(),
    })
}
