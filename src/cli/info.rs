//! `lgi info`: what an `.lgi` file holds.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use lgi::blend::Blend;
use lgi::codec::coded::Part;
use lgi::codec::{self, FileInfo, Precision, Scene};
use lgi::gaussians::Gaussians;
use serde::Serialize;
use serde_json::Value;

use super::failure::Result;
use super::limits::LimitArguments;
use super::paths::Place;
use super::report::Report;
use super::tally::Tally;
use super::{output, report, scene_file};

/// Say what .lgi files hold: header, chunks, Gaussians and metadata
#[derive(Args, Debug)]
pub struct InfoArguments {
    /// Files to inspect; - is standard input
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,

    /// Write one JSON object per input to standard output
    #[arg(long)]
    json: bool,

    /// Say also how many bits each part of a coded file takes
    #[arg(long)]
    bits: bool,

    #[command(flatten)]
    limits: LimitArguments,
}

/// Everything about one file.
#[derive(Serialize)]
struct Info {
    #[serde(flatten)]
    report: Report,
    version: u16,
    channels: usize,
    bit_depth: u8,
    blend: Blend,
    precision_bits: Option<u8>,
    chunks: Vec<ChunkSize>,
    sigma_px: Option<Range>,
    color: Option<Range>,
    metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<PartBits>>,
}

/// What a part of a coded file takes.
#[derive(Serialize)]
struct PartBits {
    part: &'static str,
    bits: f64,
}

impl PartBits {
    fn of((part, bits): (Part, f64)) -> Self {
        Self { part: part.name(), bits }
    }
}

#[derive(Serialize)]
struct ChunkSize {
    kind: String,
    payload_bytes: u64,
}

/// How the values of a quantity are spread.
#[derive(Serialize)]
struct Range {
    smallest: f32,
    median: f32,
    largest: f32,
}

impl Range {
    fn of(mut values: Vec<f32>) -> Option<Self> {
        values.sort_by(f32::total_cmp);
        let (smallest, largest) = (*values.first()?, *values.last()?);
        Some(Self { smallest, median: values[values.len() / 2], largest })
    }
}

/// Inspects all inputs.
///
/// # Errors
/// [`super::failure::Failure`], after having gone on with the other inputs where there are several.
pub fn run(arguments: &InfoArguments) -> Result<()> {
    let mut tally = Tally::of(arguments.inputs.len());
    for input in &arguments.inputs {
        tally.take(inspect(&Place::of(input), arguments))?;
    }
    tally.finish()
}

fn inspect(place: &Place, arguments: &InfoArguments) -> Result<()> {
    let started = Instant::now();
    let bytes = place.read(arguments.limits.max_file_bytes())?;
    let limits = arguments.limits.for_scenes();
    let file = codec::probe(&bytes, &limits).map_err(|error| place.blame(error))?;
    let scene = codec::decode(&bytes, &limits).map_err(|error| place.blame(error))?;
    let report = scene_file::report(place, &scene, bytes.len() as u64, started);
    let parts = match arguments.bits {
        true => {
            let parts = codec::bits_of_parts(&bytes, &limits);
            Some(parts.map_err(|error| place.blame(error))?.into_iter().map(PartBits::of).collect())
        }
        false => None,
    };
    let info = Info { parts, ..info(report, file, &scene) };
    if arguments.json { report::json(&info) } else { output::line(&text(&info)) }
}

fn info(report: Report, file: FileInfo, scene: &Scene) -> Info {
    let chunks = file.chunks.into_iter();
    Info {
        report,
        version: file.version,
        channels: file.header.channels,
        bit_depth: file.header.bit_depth,
        blend: file.header.blend,
        precision_bits: match file.precision {
            Precision::Float32 => Some(32),
            Precision::Quantized16 => Some(16),
            Precision::Coded => None,
        },
        chunks: chunks
            .map(|chunk| ChunkSize { kind: chunk.kind, payload_bytes: chunk.payload_bytes })
            .collect(),
        sigma_px: Range::of(sigmas_px(&scene.gaussians)),
        color: Range::of(scene.gaussians.color.clone()),
        metadata: file.metadata,
        parts: None,
    }
}

fn sigmas_px(gaussians: &Gaussians) -> Vec<f32> {
    (0..gaussians.len()).flat_map(|index| gaussians.sigmas_px(index)).collect()
}

fn text(info: &Info) -> String {
    let Report { input, width, height, gaussians, bytes, bpp, .. } = &info.report;
    let blend = match info.blend {
        Blend::Additive => "additive".to_owned(),
        Blend::Normalized { epsilon } => format!("normalized, epsilon {epsilon}"),
    };
    let chunks = info.chunks.iter().map(|c| format!("{} ({} bytes)", c.kind, c.payload_bytes));
    let mut lines = vec![
        format!("{input}:"),
        row("picture", &format!("{width}x{height}, {}, {} bits", colors(info), info.bit_depth)),
        row("Gaussians", &gaussians.unwrap_or_default().to_string()),
        row("blend", &blend),
        row("file", &format!("{bytes} bytes, {bpp:.3} bits per pixel, version {}", info.version)),
        row("precision", &precision(info)),
        row("chunks", &chunks.collect::<Vec<_>>().join(", ")),
    ];
    let range = |range: &Range, unit: &str| {
        let Range { smallest, median, largest } = range;
        format!("{smallest:.3} to {largest:.3}{unit}, median {median:.3}{unit}")
    };
    lines.extend(info.sigma_px.as_ref().map(|sigma| row("sigma", &range(sigma, " px"))));
    lines.extend(info.color.as_ref().map(|color| row("color", &range(color, ""))));
    lines.extend(info.metadata.as_ref().map(|metadata| row("metadata", &metadata.to_string())));
    if let Some(parts) = &info.parts {
        let all: f64 = parts.iter().map(|part| part.bits).sum();
        let count = gaussians.unwrap_or_default().max(1) as f64;
        lines.extend(parts.iter().enumerate().map(|(index, PartBits { part, bits })| {
            let (each, share) = (bits / count, 100.0 * bits / all);
            let name = if index == 0 { "bits" } else { "" };
            row(name, &format!("{part:<18} {bits:>9.0}, {each:5.2} a Gaussian, {share:4.1} %"))
        }));
    }
    lines.join("\n")
}

fn precision(info: &Info) -> String {
    match (info.precision_bits, info.report.gaussians) {
        (Some(bits), _) => format!("{bits} bits a parameter"),
        (None, Some(count)) if count > 0 => {
            format!("coded, {:.1} bits a Gaussian", 8.0 * info.report.bytes as f64 / count as f64)
        }
        (None, _) => "coded".into(),
    }
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<10} {value}")
}

fn colors(info: &Info) -> &'static str {
    match info.channels {
        1 => "gray",
        3 => "RGB",
        _ => "RGBA",
    }
}
