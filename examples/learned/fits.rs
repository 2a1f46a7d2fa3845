//! One fit, and what it came to.

use std::sync::Arc;

use lgi::backend::cpu::Cpu;
use lgi::fit::{FitOptions, Fitter};
use lgi::image::Image;
use lgi::optim::Optimizer;

use crate::crops::Picture;

/// PSNR in dB of the best state of a fit; 0 for one that diverged.
pub fn psnr_db(
    target: &Arc<Image>,
    options: FitOptions,
    optimizer: Option<Optimizer>,
) -> lgi::Result<f64> {
    let mut backend = Cpu::new();
    let mut fitter = Fitter::new(&mut backend, target.clone(), options)?;
    if let Some(optimizer) = optimizer {
        fitter.set_optimizer(optimizer);
    }
    end(&mut fitter)
}

/// PSNR in dB that a crop without any detail counts for.
const HIGHEST_DB: f64 = 60.0;

/// Runs a fit to its end.
pub fn end(fitter: &mut Fitter<'_>) -> lgi::Result<f64> {
    loop {
        match fitter.step() {
            Ok(progress) if progress.stop.is_none() => {}
            Ok(_) => return Ok(fitter.best().psnr_db.min(HIGHEST_DB)),
            Err(lgi::Error::Diverged { .. }) => return Ok(0.0),
            Err(error) => return Err(error),
        }
    }
}

/// Prints a line of a Markdown table: PSNR on every picture and its mean.
pub fn row(name: &str, figures: &[f64]) {
    let mean = figures.iter().sum::<f64>() / figures.len().max(1) as f64;
    let cells: String = figures.iter().map(|figure| format!(" {figure:.2} |")).collect();
    println!("| {name} |{cells} **{mean:.2}** |");
}

/// Prints the head of such a table.
pub fn head(pictures: &[Picture]) {
    let names: String = pictures.iter().map(|picture| format!(" {} |", picture.name)).collect();
    println!("| method |{names} mean |");
    println!("|---|{}---|", "---|".repeat(pictures.len()));
}
