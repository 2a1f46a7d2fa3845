//! Finishing behind: while one picture is fitted, the one before is written, measured and reported.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use lgi::backend::Backend;
use lgi::codec::{self, ReadLimits};
use lgi::image::{Image, Samples};
use lgi::renderer::Renderer;

use crate::cli::failure::{Failure, Result};
use crate::cli::measure::Measured;
use crate::cli::output;
use crate::cli::paths::Job;
use crate::cli::picture_output::PictureOutput;
use crate::cli::report::{Report, Reporter};
use crate::cli::tally::Tally;

/// A picture that was fitted, perhaps not to the end.
pub struct Encoded<'a> {
    /// Where it came from, and where it goes.
    pub job: &'a Job,
    /// The picture that was read.
    pub target: Arc<Image>,
    /// The file that was made of it.
    pub file: Arc<[u8]>,
    /// What the file looks like, as soon as that was drawn.
    pub drawn: Receiver<lgi::Result<Image>>,
    /// What is written in place of the file, if its name asks for a picture.
    pub picture: Option<PictureOutput<'a>>,
    /// Whether a file of the same name may be replaced.
    pub overwrite: bool,
    /// The figures, but for those of the file.
    pub report: Report,
    /// When the fit began.
    pub started: Instant,
    /// Seconds that reading took.
    pub reading_s: f64,
    /// Whether the fit was ended by Ctrl-C.
    pub interrupted: bool,
}

/// A file that has to be drawn: on the thread that has the backend.
pub struct Drawing {
    file: Arc<[u8]>,
    drawn: SyncSender<lgi::Result<Image>>,
}

impl Drawing {
    /// The drawing of a file, and where it arrives.
    pub fn of(file: &Arc<[u8]>) -> (Self, Receiver<lgi::Result<Image>>) {
        let (sender, receiver) = sync_channel(1);
        (Self { file: Arc::clone(file), drawn: sender }, receiver)
    }

    /// Draws it.
    pub fn draw(self, backend: &mut dyn Backend) {
        // Nobody waits for it any more where the file could not be written.
        let _ = self.drawn.send(draw(backend, &self.file));
    }
}

/// Finishes all that were encoded, in order, and reports each at once.
///
/// # Errors
/// [`Failure`], after having gone on with the other pictures where there are several.
pub fn finish_all(
    encoded: &Receiver<Result<Encoded<'_>>>,
    reporter: &mut Reporter,
    total: usize,
) -> Result<()> {
    let mut tally = Tally::of(total);
    for encoded in encoded {
        tally.take(encoded.and_then(|encoded| encoded.finish(reporter)))?;
    }
    reporter.finish()?;
    tally.finish()
}

impl Encoded<'_> {
    /// Writes, measures and reports it.
    fn finish(self, reporter: &mut Reporter) -> Result<()> {
        // The figures are those of the file: what it loses by quantisation is lost to them too.
        if self.picture.is_none() {
            // Before it is drawn: should that fail, the fit is not lost.
            output::write(&self.job.output, &self.file, self.overwrite)?;
        }
        // Whoever draws has gone only where the whole run ends.
        let drawn = self.drawn.recv().map_err(|_| Failure::Interrupted)??;
        let bytes = match &self.picture {
            Some(picture) => picture.write(&Samples::of(&drawn, picture.bit_depth)?)?,
            None => self.file.len() as u64,
        };
        let measured = Measured::of(&drawn, &self.target)?;
        reporter.add(Report {
            psnr_db: Some(measured.psnr_db),
            ssim: Some(measured.ssim),
            bytes,
            bpp: lgi::metrics::bits_per_pixel(bytes, self.target.size()),
            seconds: self.reading_s + self.started.elapsed().as_secs_f64(),
            ..self.report
        })?;
        if self.interrupted { Err(Failure::Interrupted) } else { Ok(()) }
    }
}

/// What the file looks like when it is decoded.
fn draw(backend: &mut dyn Backend, bytes: &[u8]) -> lgi::Result<Image> {
    // This program's own file is not untrusted.
    let all = u64::MAX;
    let limits = ReadLimits {
        max_pixels: all,
        max_gaussians: all,
        max_per_leaf: all,
        max_pairs: all,
        max_file_bytes: all,
    };
    let scene = codec::decode(bytes, &limits)?;
    let mut renderer = Renderer::new(backend, scene.blend, scene.size);
    renderer.set(&scene.gaussians);
    renderer.render()
}
