//! Tuning: the settings of a method, strategy or pipeline that fit some pictures best, in few
//! trials.
//!
//! A [`Tuning`] is a space of named numbers, the options that all trials share, and the trials so
//! far. A trial fits every picture; its value is their mean PSNR. Where to try next is said by
//! expected improvement over a Gaussian process ([`propose`]). Everything is a function of the
//! trials so far, so that a tuning that was stopped goes on to the same trials.

mod gaussian_process;
mod search;
mod space;

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use gaussian_process::{Belief, GaussianProcess};
pub use search::{Measurement, propose};
pub use space::{Dimension, Scale};

use crate::atomic_file;
use crate::error::{Error, Result};
use crate::fit::PictureId;
use crate::image::Image;
use crate::side_by_side::Workers;
use crate::strategy::{Run, RunOptions};

const WHAT: &str = "file of trials";

/// One trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The value of every dimension.
    pub settings: Vec<f64>,
    /// PSNR in dB of the best state for every picture; none for a fit that diverged.
    pub psnr_db: Vec<Option<f64>>,
}

impl Trial {
    /// Mean PSNR in dB; minus infinity if a fit diverged.
    pub fn mean_psnr_db(&self) -> f64 {
        let sum = self.psnr_db.iter().copied().sum::<Option<f64>>();
        sum.map_or(f64::NEG_INFINITY, |sum| sum / self.psnr_db.len().max(1) as f64)
    }
}

/// What all trials share; a file of trials belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// What is tuned.
    pub space: Vec<Dimension>,
    /// Options of the runs. Where they, or the defaults, have a number for every dimension, that is
    /// the first trial.
    pub options: RunOptions,
    /// The pictures.
    pub pictures: Vec<PictureId>,
    /// Of the search; that of the fits is in the options.
    pub seed: u64,
}

/// A search for the best settings.
#[derive(Clone, Debug)]
pub struct Tuning {
    setup: Setup,
    targets: Vec<Arc<Image>>,
    trials: Vec<Trial>,
}

impl Tuning {
    /// A search that has not begun.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is nothing to tune or nothing to fit, or if the method has no
    /// such setting or not in such a range.
    pub fn new(
        space: Vec<Dimension>,
        options: impl Into<RunOptions>,
        targets: Vec<Arc<Image>>,
        seed: u64,
    ) -> Result<Self> {
        if space.is_empty() || targets.is_empty() {
            return Err(Error::Invalid("tuning needs at least one range and one picture".into()));
        }
        for (index, dimension) in space.iter().enumerate() {
            let name = &dimension.name;
            if space[..index].iter().any(|other| other.name == *name) {
                return Err(Error::Invalid(format!("{name} has two ranges")));
            }
        }
        let mut options = options.into();
        let space =
            space.iter().map(|d| d.resolve(&mut options)).collect::<Result<Vec<Dimension>>>()?;
        let pictures = targets.iter().map(|target| PictureId::of(target)).collect();
        let tuning =
            Self { setup: Setup { space, options, pictures, seed }, targets, trials: Vec::new() };
        for end in [0.0, 1.0] {
            let values: Vec<f64> = tuning.setup.space.iter().map(|d| d.value(end)).collect();
            tuning.options(&values)?.check()?;
        }
        Ok(tuning)
    }

    /// Takes up the trials of a file, one for each line, if it exists.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is no such file, [`Error::Invalid`] if it belongs to another
    /// tuning, [`Error::Io`]; all with the path.
    pub fn go_on(&mut self, path: &Path) -> Result<()> {
        if !path.is_file() {
            return Ok(());
        }
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::io("read", error).at(path))?;
        let malformed = |error: serde_json::Error| {
            Error::Malformed { what: WHAT, message: error.to_string() }.at(path)
        };
        let mut lines = text.lines();
        let setup: Setup =
            serde_json::from_str(lines.next().unwrap_or_default()).map_err(malformed)?;
        if setup != self.setup {
            let message = "the trials are of another tuning: other pictures, options or ranges; \
                           remove them to begin anew";
            return Err(Error::Invalid(message.into()).at(path));
        }
        let trials = lines.map(serde_json::from_str).collect::<Result<Vec<Trial>, _>>();
        self.trials = trials.map_err(malformed)?;
        Ok(())
    }

    /// Writes all trials so far; never leaves half a file.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<()> {
        let json = |error: serde_json::Error| Error::Invalid(format!("{WHAT}: {error}"));
        let mut text = serde_json::to_string(&self.setup).map_err(json)? + "\n";
        for trial in &self.trials {
            text += &(serde_json::to_string(trial).map_err(json)? + "\n");
        }
        atomic_file::write(path, text.as_bytes(), true)
    }

    /// What all trials share.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The trials so far.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// The trial with the highest mean PSNR, the first of several; nothing before the first.
    pub fn best(&self) -> Option<&Trial> {
        let best = |a: &'_ &Trial, b: &'_ &Trial| a.mean_psnr_db().total_cmp(&b.mean_psnr_db());
        self.trials.iter().rev().max_by(best)
    }

    /// Makes the next trial; nothing if `stopped` said so.
    ///
    /// # Errors
    /// Those of the device and of the fits; one that diverges is no error.
    pub fn step(
        &mut self,
        workers: &Workers,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<&Trial>> {
        let settings = self.next();
        let options = self.options(&settings)?;
        let pixels = self.targets.iter().map(|target| target.size().pixels()).max();
        let fitted = workers.each(
            &self.targets,
            pixels.unwrap_or_default(),
            |target, backend, halted| {
                let mut run = match Run::new(backend, Arc::clone(target), options.clone()) {
                    Err(Error::Diverged { .. }) => return Ok(Some(None)),
                    run => run?,
                };
                loop {
                    match run.step() {
                        Ok(progress) if progress.stop.is_some() => {
                            let psnr_db = run.best().psnr_db;
                            return Ok(Some(Some(psnr_db).filter(|value| value.is_finite())));
                        }
                        Ok(_) => {}
                        Err(Error::Diverged { .. }) => return Ok(Some(None)),
                        Err(error) => return Err(error),
                    }
                    if halted() || stopped() {
                        return Ok(None);
                    }
                }
            },
        )?;
        Ok(fitted.map(|psnr_db| {
            self.trials.push(Trial { settings, psnr_db });
            &self.trials[self.trials.len() - 1]
        }))
    }

    /// The settings of the next trial.
    fn next(&self) -> Vec<f64> {
        let Setup { space, seed, .. } = &self.setup;
        if let Some(start) = self.start().filter(|_| self.trials.is_empty()) {
            return start;
        }
        let history: Vec<Measurement> = self
            .trials
            .iter()
            .map(|trial| Measurement {
                point: space.iter().zip(&trial.settings).map(|(d, v)| d.unit(*v)).collect(),
                value: trial.mean_psnr_db(),
            })
            .collect();
        let point = propose(&history, space.len(), *seed);
        space.iter().zip(&point).map(|(dimension, unit)| dimension.value(*unit)).collect()
    }

    /// The numbers that the options have already, if all are there and within their ranges.
    fn start(&self) -> Option<Vec<f64>> {
        let Setup { space, options, .. } = &self.setup;
        let inside = |d: &Dimension, value: &f64| (d.low..=d.high).contains(value);
        let number = |d: &Dimension| options.number(&d.name).filter(|value| inside(d, value));
        space.iter().map(number).collect()
    }

    /// The options with these settings; those of a trial, or of what was found.
    ///
    /// # Errors
    /// As [`RunOptions::set`].
    pub fn options(&self, values: &[f64]) -> Result<RunOptions> {
        let mut options = self.setup.options.clone();
        for (dimension, value) in self.setup.space.iter().zip(values) {
            options.set(&dimension.name, *value)?;
        }
        Ok(options)
    }
}
