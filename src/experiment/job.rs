//! One run from its start to its files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Files, leaving_at, made_with};
use super::moments::Moments;
use super::pictures::Picture;
use super::plan::{Leaving, Plan, Run};
use super::specification::Experiment;
use super::start::{From, start};
use crate::atomic_file;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::fit::{Checkpoint, RECORD_COLUMNS, StopReason, record};

/// What jobs share.
pub(super) struct Shared<'a> {
    pub experiment: &'a Experiment,
    pub plan: &'a Plan,
    pub pictures: &'a [Picture],
    pub directory: &'a Path,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Its files are there; PSNR of its best state in dB.
    Done(f64),
    /// They were there before.
    Known,
    /// The fit failed; that is a result as well.
    Failed(String),
    /// It was told to stop, and left nothing.
    Stopped,
}

impl Shared<'_> {
    /// Runs one, unless it is finished already.
    ///
    /// # Errors
    /// Those of writing, and of the device.
    pub fn run(
        &self,
        run: &Run,
        backend: &mut dyn Backend,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Outcome> {
        let picture = &self.pictures[run.picture];
        let files = Files::new(self.directory, run);
        let made_with = made_with(self.experiment, self.plan, run, picture);
        if files.read_finished(&made_with).is_some() {
            return Ok(Outcome::Known);
        }
        if let Some(leaving) = run.branch.filter(|leaving| !self.checkpoint(*leaving).is_file()) {
            let from = self.experiment.branches[leaving.branch].from;
            let message = format!("the run that it leaves ended before iteration {from}");
            files.finish(made_with, None, Some(message.clone()))?;
            return Ok(Outcome::Failed(message));
        }
        match self.fit(run, picture, &files, backend, stopped) {
            Ok(None) => Ok(Outcome::Stopped),
            Ok(Some((stop, psnr_db))) => {
                files.finish(made_with, Some(stop), None)?;
                Ok(Outcome::Done(psnr_db))
            }
            Err(error @ Error::Diverged { .. }) => {
                let message = error.to_string();
                files.finish(made_with, None, Some(message.clone()))?;
                Ok(Outcome::Failed(message))
            }
            Err(error) => Err(error),
        }
    }

    /// Fits and writes the curve; nothing if it was told to stop. A fit that diverges leaves what
    /// it came to.
    fn fit(
        &self,
        run: &Run,
        picture: &Picture,
        files: &Files,
        backend: &mut dyn Backend,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<(StopReason, f64)>> {
        let experiment = self.experiment;
        let from = run.branch.map(|leaving| self.leave(leaving)).transpose()?;
        let target = Arc::clone(&picture.target);
        let mut fitter = start(backend, target, run.options.clone(), from)?;
        fitter.details_every(Some(experiment.log_every));
        let mut curve = csv::Writer::from_writer(Vec::new());
        write(&mut curve, RECORD_COLUMNS)?;
        let mut moments = Moments::new(&experiment.watch, &run.options)?;
        let leaving = leaving_at(experiment, run);
        let end = loop {
            let before = fitter.iteration();
            let progress = match fitter.step() {
                Ok(progress) => progress,
                Err(error) => {
                    atomic_file::write(&files.curve(), &bytes(curve)?, true)?;
                    return Err(error);
                }
            };
            if let Some(details) = &progress.details {
                write(&mut curve, record(&run.options.loss, &progress, details))?;
                if let Some(moments) = &mut moments {
                    moments.add(&progress, &fitter.checkpoint())?;
                }
            }
            if let Some(stop) = progress.stop {
                break (stop, progress.best_psnr_db);
            }
            let now = fitter.iteration();
            let passed = |at: u64| before < at && at <= now;
            let every = |every: u64| before / every < now / every;
            if let Some(at) = leaving.iter().find(|at| passed(**at)) {
                fitter.checkpoint().write(&files.checkpoint(*at))?;
            } else if experiment.checkpoint_every.is_some_and(every) {
                fitter.checkpoint().write(&files.checkpoint(now))?;
            }
            if stopped() {
                return Ok(None);
            }
        };
        if let Some(moments) = moments {
            atomic_file::write(&files.moments(), &moments.into_bytes()?, true)?;
        }
        atomic_file::write(&files.curve(), &bytes(curve)?, true)?;
        Ok(Some(end))
    }

    /// Where a branch leaves a run.
    fn leave(&self, leaving: Leaving) -> Result<From> {
        let checkpoint = Checkpoint::read(&self.checkpoint(leaving))?;
        let reset_momentum = self.experiment.branches[leaving.branch].reset_momentum;
        Ok(From { checkpoint, reset_momentum })
    }

    fn checkpoint(&self, leaving: Leaving) -> PathBuf {
        let branch = &self.experiment.branches[leaving.branch];
        Files::new(self.directory, &self.plan.runs[leaving.run]).checkpoint(branch.from)
    }
}

/// Adds a row to a table in memory.
pub(super) fn write(
    table: &mut csv::Writer<Vec<u8>>,
    row: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Result<()> {
    table.write_record(row).map_err(|error| Error::io("write a table", error.into()))
}

/// What a table in memory has become.
pub(super) fn bytes(table: csv::Writer<Vec<u8>>) -> Result<Vec<u8>> {
    table.into_inner().map_err(|error| Error::io("write a table", error.into_error()))
}
