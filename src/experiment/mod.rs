//! Experiments that anyone can repeat: a grid of fits, their curves, plots and a report.
//!
//! An [`Experiment`] is data, read from TOML: pictures, numbers of Gaussians, variants, seeds, what
//! branches off on the way, and what is expected ([`Claim`]). A [`Plan`] is the grid spread out;
//! [`Workers`] run what is not finished yet, as many at once as there is room for; [`Results`] puts
//! the curves together, and a report with plots is made of them. Those that are part of the program
//! are in [`builtin::ALL`].
//!
//! ```no_run
//! # use lgi::experiment::{self, Experiment, Workers};
//! # fn main() -> lgi::Result<()> {
//! let experiment = Experiment::parse(&std::fs::read_to_string("mine.toml").unwrap())?;
//! let job = experiment::Job::new(experiment)?;
//! job.run("results".as_ref(), &Workers::default(), &(), "lgi experiment mine.toml -o results")?;
//! # Ok(())
//! # }
//! ```

pub mod builtin;
mod claim;
mod curve;
mod figures;
mod files;
mod job;
mod moments;
mod moments_table;
mod pictures;
mod plan;
mod report;
mod results;
mod settings;
mod specification;
mod start;
mod text;
mod workers;

use std::path::Path;

pub use claim::{Claim, Judged, Measure, Verdict};
pub use curve::Curve;
pub use figures::Drawing;
pub use pictures::{Picture, read as read_pictures};
pub use plan::{Leaving, Plan, Run};
pub use results::{Ended, Group, Results, Spread};
pub use settings::{BlendName, ColorStartName, Settings, Terms};
pub use specification::{Axis, Branch, Experiment, Figure, Variant};
pub use workers::{Observer, RunEnd};

pub use crate::side_by_side::Workers;

use self::files::Files;
use self::job::{Shared, bytes, write};
use self::report::Report;
use crate::atomic_file;
use crate::error::{Error, Result};
use crate::fit::RECORD_COLUMNS;

/// An experiment with its pictures read and its grid spread out.
#[derive(Clone, Debug)]
pub struct Job {
    experiment: Experiment,
    pictures: Vec<Picture>,
    plan: Plan,
}

impl Job {
    /// Reads the pictures and checks every run.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong; those of reading pictures.
    pub fn new(experiment: Experiment) -> Result<Self> {
        let pictures = pictures::read(&experiment.pictures, experiment.crop.as_deref())?;
        let plan = Plan::new(&experiment, &pictures)?;
        Ok(Self { experiment, pictures, plan })
    }

    /// The runs.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs what is not finished in `directory`, and writes the report there: `curves.csv`,
    /// `report.md`, plots as SVG, and the files of every run in `runs`. Nothing but the report if
    /// everything is finished. Says whether everything is now; it is not if `observer` stopped it.
    ///
    /// A killed run leaves nothing that is taken for finished. Results do not depend on the number
    /// of threads, or on how often it was stopped and gone on with; seconds do.
    ///
    /// # Errors
    /// Those of reading and writing, with the path, and of the device.
    pub fn run(
        &self,
        directory: &Path,
        workers: &Workers,
        observer: &dyn Observer,
        command: &str,
    ) -> Result<bool> {
        let runs = directory.join(files::RUNS);
        std::fs::create_dir_all(&runs).map_err(|error| Error::io("create", error).at(&runs))?;
        let Self { experiment, pictures, plan, .. } = self;
        let shared = Shared { experiment, plan, pictures, directory };
        if !workers::run_all(&shared, workers, observer)? {
            return Ok(false);
        }
        self.report(directory, command)?;
        Ok(true)
    }

    /// What the finished runs came to.
    ///
    /// # Errors
    /// Those of reading.
    pub fn results(&self, directory: &Path) -> Result<Results> {
        Results::read(&self.experiment, &self.plan, &self.pictures, directory)
    }

    fn report(&self, directory: &Path, command: &str) -> Result<()> {
        let Self { experiment, pictures, plan } = self;
        self.write_curves(directory)?;
        let results = &self.results(directory)?;
        let drawings = &figures::draw_all(experiment, results, pictures, directory)?;
        let report = Report { experiment, plan, pictures, results, drawings, command };
        atomic_file::write(&directory.join("report.md"), report.markdown().as_bytes(), true)
    }

    /// One table of all curves, in the order of the grid.
    fn write_curves(&self, directory: &Path) -> Result<()> {
        let mut table = csv::Writer::from_writer(Vec::new());
        let keys = ["picture", "n", "run", "tried", "seed", "branch"];
        write(&mut table, keys.into_iter().chain(RECORD_COLUMNS))?;
        for run in &self.plan.runs {
            let path = Files::new(directory, run).curve();
            if !path.is_file() {
                continue;
            }
            let branch = run.branch.map(|leaving| &self.experiment.branches[leaving.branch]);
            let keys = [
                self.pictures[run.picture].name.clone(),
                run.gaussians.to_string(),
                run.label.clone(),
                run.tried.clone(),
                run.seed.to_string(),
                branch.map(|branch| branch.name.clone()).unwrap_or_default(),
            ];
            let malformed = |error: csv::Error| {
                Error::Malformed { what: "curve", message: error.to_string() }.at(&path)
            };
            for row in csv::Reader::from_path(&path).map_err(malformed)?.records() {
                let row = row.map_err(malformed)?;
                write(&mut table, keys.iter().map(String::as_str).chain(&row))?;
            }
        }
        atomic_file::write(&directory.join("curves.csv"), &bytes(table)?, true)
    }
}
