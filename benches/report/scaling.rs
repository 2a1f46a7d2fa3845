//! Seconds per iteration and memory, over the number of Gaussians and over that of pixels.
//!
//! A system tells the peak memory of a process, not of a fit: every case runs in a process of its
//! own, this program once more.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use lgi::fit::Fitter;
use lgi::image::Size;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::arguments::Arguments;
use crate::methods::{self, Method};
use crate::pictures::{self, Picture};
use crate::tables::{Table, grouped};
use lgi::plots::{Axis, Panel, Series, draw};

/// Size of the pictures in which the number of Gaussians is varied.
const SIZE: Size = Size::new(768, 512);
const COUNTS: [usize; 6] = [1000, 3000, 10_000, 30_000, 100_000, 200_000];
const QUICK_COUNTS: [usize; 2] = [1000, 3000];

/// Doubling from about 1 to 33 megapixels.
const SIZES: [Size; 6] = [
    Size::new(1280, 720),
    Size::new(1920, 1080),
    Size::new(2720, 1530),
    Size::new(3840, 2160),
    Size::new(5440, 3060),
    Size::new(7680, 4320),
];
const QUICK_SIZES: [Size; 2] = [Size::new(480, 270), Size::new(960, 540)];
const PIXELS_PER_GAUSSIAN: usize = 40;

/// Timed iterations of a case, after a first one that allocates.
const ITERATIONS: u64 = 10;
const QUICK_ITERATIONS: u64 = 3;

/// Methods with a constant number of Gaussians, so that all iterations cost the same.
const METHODS: [Method; 2] = [
    Method { name: "adam-cosine", label: "Adam, additive blend", configure: methods::cosine_adam },
    Method {
        name: "preset",
        label: "L-BFGS, normalized blend",
        configure: methods::preset_without_growth,
    },
];

/// What one process measures.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    picture: PathBuf,
    method: String,
    gaussians: usize,
    iterations: u64,
}

impl FromStr for Case {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

/// What it has measured.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Measured {
    /// Median of the iterations.
    seconds_per_iteration: f64,
    /// Of the whole process, the reading of the picture included; not that of a GPU.
    peak_memory_bytes: Option<u64>,
}

#[derive(Clone, Serialize)]
struct Row {
    /// What is varied: `gaussians` or `pixels`.
    series: &'static str,
    method: &'static str,
    width: usize,
    height: usize,
    gaussians: usize,
    seconds_per_iteration: f64,
    peak_memory_bytes: Option<u64>,
}

/// Writes `scaling.csv` and `scaling.svg`.
///
/// # Errors
/// Those of the cases and of writing.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let picture = pictures.first().ok_or("no pictures")?;
    let mut table = Table::create(&out.join("scaling.csv"))?;
    let (counts, sizes) = if arguments.quick {
        (&QUICK_COUNTS[..], &QUICK_SIZES[..])
    } else {
        (&COUNTS[..], &SIZES[..])
    };
    let mut rows = Vec::new();
    rows.extend(measure_at("gaussians", picture, SIZE, counts, &mut table, arguments)?);
    for size in sizes {
        let count = size.pixels() / PIXELS_PER_GAUSSIAN;
        rows.extend(measure_at("pixels", picture, *size, &[count], &mut table, arguments)?);
    }
    plot(&rows, out)
}

/// All methods on the picture brought to one size.
fn measure_at(
    series: &'static str,
    picture: &Picture,
    size: Size,
    counts: &[usize],
    table: &mut Table<Row>,
    arguments: &Arguments,
) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let resized = directory.path().join("picture.ppm");
    pictures::write_resized(&picture.path, size, &resized)?;
    let iterations = if arguments.quick { QUICK_ITERATIONS } else { ITERATIONS };
    let mut rows = Vec::new();
    for method in &METHODS {
        for &gaussians in counts {
            let (picture, method_name) = (resized.clone(), method.name.to_owned());
            let case = Case { picture, method: method_name, gaussians, iterations };
            let Measured { seconds_per_iteration, peak_memory_bytes } =
                measure_apart(&case, arguments)?;
            println!(
                "{size}, N = {}, {}: {seconds_per_iteration:.4} s per iteration, {}",
                grouped(gaussians),
                method.label,
                memory(peak_memory_bytes)
            );
            let row = Row {
                series,
                method: method.name,
                width: size.width,
                height: size.height,
                gaussians,
                seconds_per_iteration,
                peak_memory_bytes,
            };
            table.add(&row)?;
            rows.push(row);
        }
    }
    Ok(rows)
}

fn memory(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "memory unknown".into(), |b| format!("{:.2} GB", b as f64 / 1e9))
}

/// Measures a case in a process of its own.
fn measure_apart(case: &Case, arguments: &Arguments) -> Result<Measured> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--case", &serde_json::to_string(case)?])
        .args(["--device", &arguments.device.to_string()])
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("a case of the scaling failed: {}", said.trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Measures a case in this process, and writes the result to standard output.
///
/// # Errors
/// Those of reading and fitting.
pub fn measure_here(case: &Case, arguments: &Arguments) -> Result<()> {
    let method = METHODS.iter().find(|method| method.name == case.method);
    let configure = method.ok_or("no such method")?.configure;
    let options = methods::options(configure, case.gaussians, case.iterations);
    let target = Arc::new(pictures::load(&case.picture)?);
    let mut backend = arguments.open()?;
    let mut fitter = Fitter::new(backend.as_mut(), target, options)?;
    fitter.step()?;
    let mut seconds = Vec::new();
    for _ in 0..case.iterations {
        let (started, before) = (Instant::now(), fitter.iteration());
        let progress = fitter.step()?;
        // With updates on the device a step may be several iterations.
        let made = (fitter.iteration() - before).max(1);
        seconds.push(started.elapsed().as_secs_f64() / made as f64);
        if progress.stop.is_some() {
            break;
        }
    }
    seconds.sort_by(f64::total_cmp);
    let measured = Measured {
        seconds_per_iteration: seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN),
        peak_memory_bytes: peak_memory_bytes(),
    };
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// Most memory that this process has had, where the system tells.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// What a panel shows of a row, if it has it.
type Figure = fn(&Row) -> Option<f64>;

fn plot(rows: &[Row], out: &Path) -> Result<()> {
    let figures: [(&str, Figure); 2] = [
        ("seconds per iteration", |row| Some(row.seconds_per_iteration)),
        ("peak memory (GB)", |row| row.peak_memory_bytes.map(|bytes| bytes as f64 / 1e9)),
    ];
    let panels = figures.map(|(label, figure)| {
        let over_gaussians = Panel {
            title: format!("{SIZE} pixels"),
            x: Axis { label: "Gaussians".into(), log: true },
            y: Axis { label: label.into(), log: true },
            series: series(rows, "gaussians", |row| row.gaussians as f64, figure),
            markers: true,
        };
        let over_pixels = Panel {
            title: format!("one Gaussian for {PIXELS_PER_GAUSSIAN} pixels"),
            x: Axis { label: "megapixels".into(), log: true },
            y: Axis { label: label.into(), log: true },
            series: series(rows, "pixels", megapixels, figure),
            markers: true,
        };
        [over_gaussians, over_pixels]
    });
    Ok(draw(&out.join("scaling.svg"), &[&panels[0], &panels[1]])?)
}

fn megapixels(row: &Row) -> f64 {
    (row.width * row.height) as f64 / 1e6
}

fn series(rows: &[Row], varied: &str, x: fn(&Row) -> f64, y: Figure) -> Vec<Series> {
    METHODS
        .iter()
        .map(|method| Series {
            label: method.label.to_owned(),
            points: rows
                .iter()
                .filter(|row| row.series == varied && row.method == method.name)
                .filter_map(|row| Some((x(row), y(row)?)))
                .collect(),
        })
        .collect()
}
