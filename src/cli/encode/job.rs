//! One picture that has been read: fit it and make a file of it.

use std::sync::Arc;
use std::time::Instant;

use lgi::backend::{Backend, StageTime};
use lgi::codec::{self, Scene, WriteOptions};
use lgi::fit::{CountSearch, Verdict, detail};
use lgi::image::{Image, Loaded};
use lgi::strategy::{Run, RunCheckpoint, RunOptions};
use serde_json::json;

use super::arguments::EncodeArguments;
use super::checkpoints::Checkpoints;
use super::coded;
use super::finishing::{Drawing, Encoded};
use super::fit_loop::{self, Fitted, Records};
use super::metrics_csv::MetricsCsv;
use super::options;
use super::reading::Ready;
use crate::cli::failure::Result;
use crate::cli::messages;
use crate::cli::paths::{self, Job, Place};
use crate::cli::picture_output::PictureOutput;
use crate::cli::progress::Display;
use crate::cli::report::{Report, Stage};

/// What all pictures of a run share.
pub struct Session<'a> {
    /// The command line.
    pub arguments: &'a EncodeArguments,
    /// Options of the fits.
    pub options: RunOptions,
    /// The run that is gone on with.
    pub resumed: Option<RunCheckpoint>,
    /// Where everything is computed.
    pub backend: Box<dyn Backend>,
    /// Where checkpoints go.
    pub checkpoints: Checkpoints,
    /// The table of all fits.
    pub metrics: Option<MetricsCsv>,
}

/// Encodes one picture, if it could be read; what is left is to draw and to finish it.
///
/// # Errors
/// Whatever fails, with the path that it is about.
pub fn encode<'a>(
    session: &mut Session<'_>,
    job: &'a Job,
    read: lgi::Result<Ready>,
) -> Result<(Encoded<'a>, Drawing)> {
    let started = Instant::now();
    let Ready { loaded: Loaded { image, bit_depth, .. }, seconds: reading_s } = read?;
    let overwrite = session.arguments.files.force;
    let picture = as_picture(&job.output, bit_depth, overwrite);
    if let Some(picture) = &picture {
        picture.check(image.size(), image.channels())?;
    }
    let target = Arc::new(image);
    session.backend.profile(session.arguments.records.profile);
    let fitting = Instant::now();
    let file = if session.arguments.coded.is_wanted() {
        coded_file(session, job, &target, bit_depth)?
    } else {
        plain_file(session, job, &target, bit_depth)?
    };
    let report = Report {
        input: job.input.to_string(),
        output: Some(job.output.to_string()),
        width: target.size().width,
        height: target.size().height,
        gaussians: Some(file.gaussians),
        iterations: Some(file.iterations),
        method: Some(file.method),
        device: Some(session.backend.description().to_owned()),
        seed: Some(session.options.fit.seed),
        stages: stages(session, fitting.elapsed().as_secs_f64()),
        ..Report::default()
    };
    let (interrupted, file) = (file.interrupted, Arc::from(file.bytes));
    let (drawing, drawn) = Drawing::of(&file);
    let encoded = Encoded {
        job,
        target,
        file,
        drawn,
        picture,
        overwrite,
        report,
        started,
        reading_s,
        interrupted,
    };
    Ok((encoded, drawing))
}

/// What was made of a picture.
struct File {
    bytes: Vec<u8>,
    gaussians: usize,
    iterations: u64,
    method: String,
    interrupted: bool,
}

/// Fits and stores the parameters as they are.
fn plain_file(
    session: &mut Session<'_>,
    job: &Job,
    target: &Arc<Image>,
    bit_depth: u8,
) -> Result<File> {
    let fitted = fit(session, job, target)?;
    let scene = scene(session, &fitted, target, bit_depth);
    let write = WriteOptions { precision: options::precision(session.arguments), overwrite: true };
    Ok(File {
        bytes: codec::encode(&scene, &write)?,
        gaussians: scene.gaussians.len(),
        iterations: fitted.iterations,
        method: fitted.method,
        interrupted: fitted.interrupted,
    })
}

/// Fits, quantises and codes.
fn coded_file(
    session: &mut Session<'_>,
    job: &Job,
    target: &Arc<Image>,
    bit_depth: u8,
) -> Result<File> {
    let Session { arguments, backend, .. } = session;
    let mut display = Display::new(&job.input.to_string(), 0, arguments.report.quiet);
    let done = coded::encode(arguments, backend.as_mut(), target, bit_depth, &mut display)?;
    Ok(File {
        gaussians: done.coded.base.len() + done.coded.atoms.len(),
        iterations: done.iterations,
        method: "coded".into(),
        bytes: done.bytes,
        interrupted: done.interrupted,
    })
}

/// How long the fit's stages took, if that was asked for: those of the backend, and the rest.
fn stages(session: &Session<'_>, fit_s: f64) -> Option<Vec<Stage>> {
    session.arguments.records.profile.then(|| {
        let timings = session.backend.timings().into_iter();
        let mut stages: Vec<Stage> = timings
            .map(|StageTime { stage, seconds, calls }| Stage { stage, seconds, calls })
            .collect();
        // Parts of others have a slash.
        let whole = stages.iter().filter(|stage| !stage.stage.contains('/'));
        let known: f64 = whole.map(|stage| stage.seconds).sum();
        stages.push(Stage { stage: "host", seconds: (fit_s - known).max(0.0), calls: 1 });
        stages
    })
}

/// The output as a picture, if its name asks for one.
fn as_picture(place: &Place, bit_depth: u8, overwrite: bool) -> Option<PictureOutput<'_>> {
    let format = paths::picture_format(place.file()?)?;
    let bit_depth = bit_depth.min(format.max_bit_depth());
    Some(PictureOutput { place, format, bit_depth, overwrite })
}

/// Fits once, or as often as it takes to reach a PSNR.
fn fit(session: &mut Session<'_>, job: &Job, target: &Arc<Image>) -> Result<Fitted> {
    let arguments = session.arguments;
    let mut options = session.options.clone();
    let count = arguments.main.gaussians.and_then(|count| count.0);
    if session.resumed.is_none() {
        options.fit.gaussians = count.unwrap_or_else(|| match arguments.main.psnr {
            Some(psnr_db) => detail::gaussians_for(target, psnr_db),
            None => detail::usual_gaussians(target),
        });
        options::fit_into_time(arguments, session.backend.as_mut(), target, &mut options)?;
    }
    match arguments.main.psnr {
        Some(psnr_db) => reach(session, job, target, options, psnr_db),
        None => fit_once(session, job, target, options),
    }
}

/// Overshoot of a PSNR that is let be, in dB.
const CLOSE_DB: f64 = 0.1;

/// What rounding to the file's precision may cost, in dB.
const ROUNDING_DB: f64 = 0.002;

/// Fits until the smallest number of Gaussians is found that reaches `psnr_db`.
fn reach(
    session: &mut Session<'_>,
    job: &Job,
    target: &Arc<Image>,
    mut options: RunOptions,
    psnr_db: f64,
) -> Result<Fitted> {
    let limit = target.size().pixels().max(1);
    let mut search = CountSearch::new(psnr_db, options.fit.gaussians, limit);
    let mut best = None;
    loop {
        options.fit.gaussians = search.next_count();
        let fitted = fit_once(session, job, target, options.clone())?;
        let interrupted = fitted.interrupted;
        let verdict = search.tell(fitted.best.psnr_db);
        let best = match &mut best {
            Some(best) if !search.is_best() => best,
            best => best.insert(fitted),
        };
        if interrupted || verdict != Verdict::GoOn {
            best.interrupted = interrupted;
            if !interrupted && best.best.psnr_db > psnr_db + CLOSE_DB {
                // The same fit again, ended where it is good enough.
                options.fit.gaussians = best.count;
                options.fit.stop.target_psnr_db = Some(psnr_db + ROUNDING_DB);
                return fit_once(session, job, target, options);
            }
            if verdict == Verdict::OutOfReach && !session.arguments.report.quiet {
                messages::warning(format!(
                    "{}: {psnr_db} dB is out of reach; {:.2} dB is what {limit} Gaussians give",
                    job.input, best.best.psnr_db
                ));
            }
            return Ok(best.clone());
        }
    }
}

fn fit_once(
    session: &mut Session<'_>,
    job: &Job,
    target: &Arc<Image>,
    mut options: RunOptions,
) -> Result<Fitted> {
    options::suit(session.arguments, target.size(), &mut options.fit);
    let Session { arguments, resumed, backend, checkpoints, metrics, .. } = session;
    let (backend, target) = (backend.as_mut(), Arc::clone(target));
    let mut run = match resumed.take() {
        Some(from) => Run::resume(backend, target, options, from)?,
        None => Run::new(backend, target, options)?,
    };
    if arguments.records.reset_momentum {
        run.reset_momentum();
    }
    run.details_every(metrics.as_ref().map(|_| arguments.records.log_every));
    let input = job.input.to_string();
    let records =
        Records { input: &input, stem: &job.input.stem(), checkpoints, metrics: metrics.as_mut() };
    let quiet = arguments.report.quiet;
    let mut display = Display::new(&input, run.options().fit.stop.iterations, quiet);
    fit_loop::run(run, records, &mut display)
}

/// What is stored. The metadata hold nothing that differs between two runs of the same command.
fn scene(session: &Session<'_>, fitted: &Fitted, target: &Image, bit_depth: u8) -> Scene {
    Scene {
        size: target.size(),
        bit_depth,
        blend: fitted.blend,
        gaussians: fitted.best.gaussians.clone(),
        metadata: Some(json!({
            "encoder": concat!("lgi ", env!("CARGO_PKG_VERSION")),
            "iterations": fitted.iterations,
            "method": fitted.method,
            "seed": session.options.fit.seed,
        })),
    }
}
