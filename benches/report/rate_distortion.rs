//! PSNR by bits a pixel, beside other codecs.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lgi::backend::Backend;
use lgi::blend::Blend;
use lgi::codec;
use lgi::codec::coded::{Coded, Order};
use lgi::compress::{CompressOptions, Effort, Parts, Target, compress};
use lgi::fit::Quality;
use lgi::image::Image;
use lgi::metrics;
use lgi::renderer::Renderer;
use serde::Serialize;

use crate::Result;
use crate::arguments::Arguments;
use crate::kodak_curves::{self, Curve, bd_rate};
use crate::pictures::Picture;
use crate::tables::{Table, markdown, mean};
use lgi::plots::{Axis, Panel, Series, draw};

/// Largest rate that is drawn, in bits a pixel: beyond it other codecs' curves squeeze ours.
const WIDEST_BPP: f64 = 1.2;

#[derive(Serialize)]
struct Row<'a> {
    picture: &'a str,
    target_bpp: f64,
    bytes: usize,
    bpp: f64,
    /// Of the decoded picture with 8 bits a channel.
    psnr_db: f64,
    seconds: f64,
}

/// Writes `rate_distortion.csv`, picture by picture, and the means as `rate_distortion.md` and
/// `rate_distortion.svg`; of the Kodak pictures beside other codecs, with the difference in rate
/// at equal PSNR.
///
/// # Errors
/// Those of encoding and writing.
pub fn write(pictures: &[Picture], out: &Path, arguments: &Arguments) -> Result<()> {
    let mut table = Table::create(&out.join("rate_distortion.csv"))?;
    let mut backend = arguments.open()?;
    let mut points = Vec::new();
    let mut lines = Vec::new();
    for target_bpp in arguments.rates() {
        let mut rows = Vec::new();
        for picture in pictures {
            rows.push(encode(backend.as_mut(), picture, *target_bpp)?);
            table.add(&rows[rows.len() - 1])?;
        }
        let bpp = mean(rows.iter().map(|row| row.bpp));
        let psnr_db = mean(rows.iter().map(|row| row.psnr_db));
        let seconds = mean(rows.iter().map(|row| row.seconds));
        println!("{bpp:.3} bits a pixel: {psnr_db:.2} dB, {seconds:.1} s");
        lines.push(vec![format!("{bpp:.3}"), format!("{psnr_db:.2}"), format!("{seconds:.1}")]);
        points.push((bpp, psnr_db));
    }
    let others = kodak_curves::comparable(pictures)?;
    let header = ["bits a pixel", "mean PSNR, dB", "seconds a picture"].map(str::to_owned);
    let text = format!("{}{}", markdown(&header, &lines), comparison(&points, &others));
    std::fs::write(out.join("rate_distortion.md"), text)?;
    plot(points, others, pictures.len(), out)
}

fn encode<'a>(backend: &mut dyn Backend, picture: &'a Picture, target_bpp: f64) -> Result<Row<'a>> {
    let started = Instant::now();
    let (_, Encoded { bytes, psnr_db }) =
        encode_at(backend, &picture.target, target_bpp, Parts::default())?;
    let seconds = started.elapsed().as_secs_f64();
    let bpp = 8.0 * bytes as f64 / picture.target.size().pixels() as f64;
    Ok(Row { picture: &picture.name, target_bpp, bytes, bpp, psnr_db, seconds })
}

/// What an encoding came to.
pub struct Encoded {
    /// Size of the file.
    pub bytes: usize,
    /// Of the decoded picture with 8 bits a channel.
    pub psnr_db: f64,
}

/// A picture at a rate in bits a pixel, by the default preset with some parts of the encoder.
///
/// # Errors
/// Those of encoding.
pub fn encode_at(
    backend: &mut dyn Backend,
    picture: &Arc<Image>,
    target_bpp: f64,
    parts: Parts,
) -> Result<(Coded, Encoded)> {
    let options = CompressOptions {
        target: Target::Bytes((target_bpp * picture.size().pixels() as f64 / 8.0) as u64),
        order: Order::default(),
        effort: Effort::of(Quality::Balanced),
        parts,
        seed: 0,
    };
    let coded = compress(backend, picture, &options)?;
    let bytes = codec::encode_exact(&coded, options.order, 8, None)?.len();
    let mut renderer = Renderer::new(backend, Blend::Additive, picture.size());
    renderer.set(&coded.gaussians());
    let psnr_db = metrics::psnr_db(&renderer.render()?, picture)?;
    Ok((coded, Encoded { bytes, psnr_db }))
}

/// The difference in rate, codec by codec.
fn comparison(points: &[(f64, f64)], others: &[Curve]) -> String {
    let differences = others.iter().filter_map(|other| {
        let share = bd_rate(points, &other.points)?;
        Some(vec![other.name.clone(), format!("{:+.1} %", 100.0 * share)])
    });
    let lines: Vec<Vec<String>> = differences.collect();
    lines.iter().for_each(|line| println!("BD-rate against {}: {}", line[0], line[1]));
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{}", markdown(&["against".into(), "BD-rate".into()], &lines))
}

fn plot(points: Vec<(f64, f64)>, others: Vec<Curve>, pictures: usize, out: &Path) -> Result<()> {
    let own = Series { label: "lgi, balanced".into(), points };
    let lowest_db = own.points.first().map_or(0.0, |point| point.1) - 3.0;
    let others = others.into_iter().map(|curve| Series {
        label: curve.name,
        points: curve
            .points
            .into_iter()
            .filter(|(bpp, psnr_db)| *bpp <= WIDEST_BPP && *psnr_db >= lowest_db)
            .collect(),
    });
    let panel = Panel {
        title: format!("Mean of {pictures} pictures"),
        x: Axis { label: "bits a pixel".into(), log: true },
        y: Axis { label: "PSNR (dB)".into(), log: false },
        series: std::iter::once(own).chain(others).collect(),
        markers: true,
    };
    Ok(draw(&out.join("rate_distortion.svg"), &[&[panel]])?)
}
