//! PSNR over iterations and over seconds, method by method.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lgi::backend::Backend;
use lgi::fit::{FitOptions, Fitter};
use lgi::image::Image;
use serde::Serialize;

use crate::Result;
use crate::arguments::Arguments;
use crate::methods::{self, METHODS};
use crate::pictures::Picture;
use crate::tables::{Table, grouped, mean};
use lgi::plots::{Axis, Panel, Series, draw};

#[derive(Serialize)]
struct Row<'a> {
    picture: &'a str,
    method: &'a str,
    iteration: u64,
    seconds: f64,
    psnr_db: f64,
}

/// Where a fit stands after an iteration.
#[derive(Clone, Copy)]
struct Point {
    iteration: u64,
    /// Since before the first Gaussian was placed.
    seconds: f64,
    /// Of the best state so far: what a file would get now.
    psnr_db: f64,
}

/// Writes `curves.csv`, `psnr_over_iterations.svg` and `psnr_over_seconds.svg`.
///
/// # Errors
/// Those of fitting and writing.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let mut table = Table::create(&out.join("curves.csv"))?;
    let mut backend = arguments.open()?;
    let (count, iterations) = (arguments.gaussians(), arguments.iterations());
    let mut means = Vec::new();
    for method in &METHODS {
        let mut curves = Vec::new();
        for picture in pictures {
            let options = methods::options(method.configure, count, iterations);
            let curve = curve(backend.as_mut(), &picture.target, options)?;
            for Point { iteration, seconds, psnr_db } in curve.iter().copied() {
                let (picture, method) = (picture.name.as_str(), method.name);
                table.add(&Row { picture, method, iteration, seconds, psnr_db })?;
            }
            curves.push(curve);
        }
        let mean = mean_curve(&curves);
        if let Some(last) = mean.last() {
            let Point { psnr_db, seconds, .. } = last;
            println!("{}: {psnr_db:.2} dB in {seconds:.1} s", method.label);
        }
        means.push((method.label, mean));
    }
    let title = format!("{}, N = {}", many(pictures.len()), grouped(count));
    plot(&means, &title, out)
}

fn many(pictures: usize) -> String {
    if pictures == 1 { "1 picture".into() } else { format!("Mean of {pictures} pictures") }
}

fn curve(
    backend: &mut dyn Backend,
    target: &Arc<Image>,
    options: FitOptions,
) -> Result<Vec<Point>> {
    let started = Instant::now();
    let mut fitter = Fitter::new(backend, Arc::clone(target), options)?;
    let mut curve = Vec::new();
    loop {
        let progress = fitter.step()?;
        curve.push(Point {
            iteration: progress.iteration,
            seconds: started.elapsed().as_secs_f64(),
            psnr_db: progress.best_psnr_db,
        });
        if progress.stop.is_some() {
            return Ok(curve);
        }
    }
}

/// The means over all pictures, iteration by iteration. A fit that has ended stays where it is.
fn mean_curve(curves: &[Vec<Point>]) -> Vec<Point> {
    let longest = curves.iter().map(Vec::len).max().unwrap_or_default();
    let at = |index: usize| {
        let points = curves.iter().filter_map(move |c| c.get(index).or(c.last()));
        points.copied()
    };
    (0..longest)
        .map(|index| Point {
            iteration: at(index).map(|point| point.iteration).max().unwrap_or_default(),
            seconds: mean(at(index).map(|point| point.seconds)),
            psnr_db: mean(at(index).map(|point| point.psnr_db)),
        })
        .collect()
}

/// PSNR below which a curve is not drawn: where the lowest one is after 4 % of the iterations. The
/// very first would leave no room for the differences at the end.
fn floor_db(means: &[(&str, Vec<Point>)]) -> f64 {
    let early = means.iter().filter_map(|(_, points)| points.get(points.len() / 25));
    early.map(|point| point.psnr_db).fold(f64::INFINITY, f64::min)
}

fn plot(means: &[(&str, Vec<Point>)], title: &str, out: &Path) -> Result<()> {
    let floor_db = floor_db(means);
    let panel = |label: &str, log: bool, x: fn(&Point) -> f64| Panel {
        title: title.to_owned(),
        x: Axis { label: label.to_owned(), log },
        y: Axis { label: "PSNR of the best state so far (dB)".into(), log: false },
        series: means
            .iter()
            .map(|(name, points)| Series {
                label: (*name).to_owned(),
                points: points
                    .iter()
                    .filter(|point| point.psnr_db >= floor_db)
                    .map(|point| (x(point), point.psnr_db))
                    .collect(),
            })
            .collect(),
        markers: false,
    };
    let over_iterations = panel("iteration", false, |point| point.iteration as f64);
    draw(&out.join("psnr_over_iterations.svg"), &[&[over_iterations]])?;
    let over_seconds = panel("seconds", true, |point| point.seconds);
    Ok(draw(&out.join("psnr_over_seconds.svg"), &[&[over_seconds]])?)
}
